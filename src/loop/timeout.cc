#include "contrail/promise.h"
#include "contrail/timers.h"
#include "src/loop/loop_state.h"
#include "src/loop/require_callback.h"

namespace contrail::inline v0 {

Timeout set_timeout(Function<void()> fn, std::chrono::milliseconds delay) {
  detail::require_callback(fn, "set_timeout");
  return detail::loop_state().timers.add(std::move(fn), delay, false);
}

Timeout set_interval(Function<void()> fn, std::chrono::milliseconds period) {
  detail::require_callback(fn, "set_interval");
  return detail::loop_state().timers.add(std::move(fn), period, true);
}

void Timeout::clear() noexcept {
  if (state_ && state_->armed) state_->loop.on_own_thread().timers.clear(*state_);
}

Timeout& Timeout::refresh() {
  if (state_ && state_->restartable) state_->loop.on_own_thread().timers.refresh(*state_);
  return *this;
}

Timeout& Timeout::ref() noexcept {
  if (state_) detail::Timers::set_ref(*state_, true);
  return *this;
}

Timeout& Timeout::unref() noexcept {
  if (state_) detail::Timers::set_ref(*state_, false);
  return *this;
}

bool Timeout::has_ref() const noexcept { return state_ && state_->has_ref; }

AsyncId Timeout::async_id() const noexcept {
  return state_ ? state_->resource.async_id() : no_async_id;
}

Promise<void> sleep(std::chrono::milliseconds delay) {
  auto [promise, resolver] = Promise<void>::with_resolver();
  set_timeout([resolver = std::move(resolver)]() mutable { resolver.resolve(); }, delay);
  return std::move(promise);
}

}  // namespace contrail::inline v0
