#pragma once

#include <chrono>
#include <vector>

#include "contrail/graceful_shutdown.h"
#include "contrail/timers.h"
#include "src/loop/timers.h"

namespace contrail::inline v0 {

/// In a list of its Loop's until it is called.
struct OnShutdown::State : detail::Link {
  explicit State(Function<void()> callback)
      : fn(std::move(callback)), context(detail::FrameRef::adopt(detail::capture_frame())) {}
  ~State() { unlink(); }

  Function<void()> fn;
  detail::FrameRef context;
};

namespace detail {

struct LoopState;

/// A graceful_shutdown() under way.
class Shutdown {
 public:
  explicit Shutdown(LoopState& loop) noexcept;

  Promise<ShutdownReport> join(std::chrono::milliseconds deadline, CreationSite site);
  /// Nothing keeps the loop running any more.
  void drained() { finish(); }
  bool over() const noexcept { return phase_ == Phase::over; }

 private:
  enum class Phase { accepting, draining, cancelling, over };

  void begin();
  void cancel_awaited();
  void cancel_all(CreationSite site);
  void close_all();
  void finish();

  LoopState& loop_;
  const std::chrono::milliseconds begun_;
  std::chrono::milliseconds deadline_ = std::chrono::milliseconds::max();
  Timeout timer_;
  Phase phase_ = Phase::accepting;
  std::vector<ActiveResource> cut_off_;
  std::vector<Resolver<ShutdownReport>> waiting_;
};

}  // namespace detail
}  // namespace contrail::inline v0
