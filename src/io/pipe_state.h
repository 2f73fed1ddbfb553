#pragma once

#include "contrail/pipe.h"
#include "src/io/stream_state.h"

namespace contrail::inline v0::detail {

inline constexpr ResourceType pipe_type{resource_types::pipe.name, &AnyRef::tag_of<Pipe::Details>};

struct PipeState final : StreamState {
  /// One that is connected to nothing yet.
  explicit PipeState(std::string name, CreationSite site, PipeOptions options = {});
  /// One that is connected already: whom it comes from has accepted or received it. Closes the
  /// descriptor if libuv does not take it, as accept_status then says.
  PipeState(Incoming incoming, const AsyncResource& from);

  const char* name() const noexcept override { return "Pipe"; }
  std::string subject() const override;

  uv_pipe_t pipe{};
  int accept_status = 0;
  Pipe::Details details;
  AsyncResource its_resource;

 private:
  Pipe::Details take_over(Incoming incoming);
};

}  // namespace contrail::inline v0::detail
