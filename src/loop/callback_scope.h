#pragma once

#include <optional>
#include <utility>

#include "contrail/async_resource.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

/// Where the loop stands between callbacks: no resource, no context.
class Ground : FrameScope, LinkedIdScope {
 public:
  Ground() noexcept : FrameScope(nullptr), LinkedIdScope(ScopeKey{}) {}
};

/// An entry from libuv: the firewall for exceptions, and, when the outermost one ends, the drain of
/// ticks and microtasks. Everything of ours that libuv calls goes through one of these.
class CallbackScope {
 public:
  CallbackScope() noexcept : loop_(loop_state()) {
    if (loop_.depth++ == 0) {
      ground_.emplace();
      if (watched(watch_phase)) [[unlikely]]
        loop_.phases.callback_begins();
    }
  }
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;
  ~CallbackScope() {
    // As in Node, a scope that failed does not drain: what it left waits for the next one.
    if (loop_.depth == 1 && !failed_ && !hot.tearing_down) loop_.tasks.drain();
    --loop_.depth;
  }

  /// Calls fn as the resource. What fn throws goes to the loop's handler, inside the resource.
  template <class F>
  void call(const AsyncResource& resource, F&& fn) {
    call(resource.scope_key(), resource.context_frame(), std::forward<F>(fn));
  }
  template <class F>
  void call(const ScopeKey& key, ContextFrame* frame, F&& fn) {
    if (hot.tearing_down) return;
    CallbackFrameScope scope(key, frame);
    if (auto error = catch_from(std::forward<F>(fn))) fail(std::move(error));
  }
  /// Calls fn as nobody.
  template <class F>
  void call(F&& fn) {
    if (hot.tearing_down) return;
    if (auto error = catch_from(std::forward<F>(fn))) fail(std::move(error));
  }
  /// Something went wrong inside: leave the queues to the next scope.
  void skip_drain() noexcept { failed_ = true; }

 private:
  void fail(std::exception_ptr error) noexcept {
    failed_ = true;
    loop_.uncaught(std::move(error), ExceptionOrigin::uncaught_exception);
  }

  LoopState& loop_;
  bool failed_ = false;
  std::optional<Ground> ground_;  ///< Whatever called uv_run, callbacks do not see it.
};

/// The common case: one callback of one resource.
template <class F>
void run_callback(const AsyncResource& resource, F&& fn) {
  CallbackScope scope;
  scope.call(resource, std::forward<F>(fn));
}

}  // namespace contrail::inline v0::detail
