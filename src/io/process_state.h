#pragma once

#include <array>
#include <optional>

#include "contrail/async_resource.h"
#include "contrail/detail/wait_queue.h"
#include "contrail/process.h"
#include "contrail/timers.h"
#include "src/io/pipe_state.h"

namespace contrail::inline v0 {

namespace detail {

inline constexpr ResourceType process_type{resource_types::process.name,
                                           &AnyRef::tag_of<Process::Details>};

}  // namespace detail

/// A child from before its start until libuv has reaped it, whether or not there is a Process.
struct Process::State final : detail::HandleState {
  State(std::string file, CreationSite site)
      : details{std::move(file), 0}, resource(detail::process_type, AnyRef::to(details), site) {}

  const char* name() const noexcept override { return "Process"; }
  const AsyncResource* about() const noexcept override { return &resource; }
  /// Starts it; a negative status if it cannot be. Either way libuv knows the handle afterwards.
  int start(const std::vector<std::string>& args, const ProcessOptions& options);
  Error error(int status, std::string_view syscall) const {
    return Error(status, syscall, details.file.substr(0, details.file.find('\0')));
  }
  Promise<ExitStatus> exited(std::stop_token stop, CreationSite site);
  bool kill(int signal);
  /// The Process goes.
  void abandon() noexcept;

  uv_process_t process{};
  std::optional<ExitStatus> status;
  Function<void(ExitStatus)> on_exit;
  Function<void()> on_lost;  ///< It is closed and will never be told of its end.
  std::array<Pipe, 3> pipes;
  Process::Details details;
  AsyncResource resource;

 private:
  uv_stdio_container_t stream(ChildStdio kind, std::size_t number);
  void on_end(std::int64_t code, int signal);
  void start_timer(const ProcessOptions& options);
  void closed() noexcept override;

  bool running_ = false;
  bool abandoned_ = false;
  bool awaited_ = false;  ///< exited() was called.
  Timeout timer_;
  detail::WaitQueue<ExitStatus> waiters_;
};

}  // namespace contrail::inline v0
