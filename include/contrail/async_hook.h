#pragma once

#include <memory>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0 {

/// Where a turn of the loop has got to.
enum class LoopPhase {
  turn_begins,  ///< Before the first callback; timers come first.
  poll_begins,  ///< The loop asks the system for events, and perhaps waits for them.
  poll_ends,    ///< Before the first callback after that, if there is one.
  turn_ends,    ///< After immediates. The callbacks of closed handles belong to the next turn.
};

/// The five moments in the life of a resource, and two in that of the loop. Leave out the ones you
/// do not need: a moment that nobody listens to costs one predictable branch.
struct HookCallbacks {
  Function<void(const ResourceInfo&)> init = {};  ///< A resource now exists; it may never run.
  Function<void(AsyncId)> before = {};            ///< Its callback is about to run: 0..n times.
  Function<void(AsyncId)> after = {};             ///< Its callback has returned or thrown.
  Function<void(AsyncId)> destroy = {};           ///< It is gone. Delivered later, from the loop.
  Function<void(AsyncId)> promise_resolve = {};   ///< A promise was settled, either way.
  /// False: no event of any PROMISE. Promises are then not even numbered unless another hook
  /// tracks them. With promise_resolve, false is refused.
  bool track_promises = true;
  /// Another context has become the current one: on entering and leaving a callback, run(),
  /// enter_with() and their like. What hooks enter in here is not told.
  Function<void()> context_switch = {};
  Function<void(LoopPhase)> loop_phase = {};
  /// True: of resources, only those that were made in a sampled context, see run_sampled(); but not
  /// functions bound to them, which may outlive them.
  bool only_sampled = false;
};

namespace detail {
struct HookEntry;
}

/// Observes every asynchronous resource of the current thread's Loop.
///
///     AsyncHook hook({.init = [](const ResourceInfo& r) { ++count[r.type]; }});
///     hook.enable();
///
/// Hooks are called in the order in which they were last enabled. Enabling or disabling one from
/// inside a hook callback takes effect once the event being delivered, and every event nested in
/// it, has reached every listener. A callback that throws ends the process with exit code 1,
/// naming the error, the event and the resource: it runs where no one could repair the damage.
class CONTRAIL_API AsyncHook {
 public:
  /// Throws std::invalid_argument if promise_resolve is given but track_promises is false.
  explicit AsyncHook(HookCallbacks callbacks);
  AsyncHook(AsyncHook&&) noexcept;
  AsyncHook& operator=(AsyncHook&&) noexcept;
  /// Disables, at once: unlike after disable(), the callbacks do not even hear of the event that is
  /// being delivered. So what they refer to may go together with the hook.
  ~AsyncHook();

  AsyncHook& enable();  ///< Needs a Loop on this thread. Idempotent.
  AsyncHook& disable() noexcept;
  bool enabled() const noexcept;  ///< Whether enable() was the last of the two.

 private:
  std::shared_ptr<detail::HookEntry> entry_;
};

}  // namespace contrail::inline v0
