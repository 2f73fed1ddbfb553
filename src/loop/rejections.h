#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "contrail/detail/promise_state.h"
#include "contrail/loop.h"

namespace contrail::inline v0::detail {

/// Rejected promises that nobody watches yet. They are judged after the queues were drained, each
/// in the context in which it was rejected.
class Rejections {
 public:
  explicit Rejections(LoopState& loop) noexcept : loop_(loop) {}

  void add(PromiseCore& promise);
  /// `some`: user code may have run, so that the queues need another look. A handler that throws
  /// ends the round, and what it has not heard waits for the next callback's end.
  enum class Verdict { none, some, handler_threw };
  Verdict process();
  bool drop() noexcept { return !std::exchange(pending_, {}).empty(); }

  std::shared_ptr<Function<void(std::exception_ptr, AsyncId)>> handler;
  UnhandledRejections policy = UnhandledRejections::raise;

 private:
  struct Pending {
    Ref<PromiseCore> promise;
    FrameRef frame;
  };
  /// What the handler threw.
  std::exception_ptr judge(const Pending& entry);

  LoopState& loop_;
  std::vector<Pending> pending_;
};

}  // namespace contrail::inline v0::detail
