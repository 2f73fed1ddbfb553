#pragma once

#include "contrail/pipe.h"
#include "src/io/stream_state.h"

namespace contrail::inline v0::detail {

inline constexpr ResourceType pipe_type{resource_types::pipe.name, &AnyRef::tag_of<Pipe::Details>};

struct PipeState final : StreamState {
  /// One that is connected to nothing yet.
  explicit PipeState(std::string name, CreationSite site);
  /// The next connection of a listening socket; accept_status says whether there was one.
  PipeState(uv_stream_t* listener, const AsyncResource& server);

  uv_stream_t* stream() noexcept override { return reinterpret_cast<uv_stream_t*>(&pipe); }
  AsyncResource& resource() noexcept override { return its_resource; }
  const char* name() const noexcept override { return "Pipe"; }
  std::string subject() const override;

  uv_pipe_t pipe{};
  int accept_status = 0;
  Pipe::Details details;
  AsyncResource its_resource;

 private:
  Pipe::Details accept_from(uv_stream_t* listener);
};

}  // namespace contrail::inline v0::detail
