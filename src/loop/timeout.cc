#include <memory>

#include "contrail/cancellation.h"
#include "contrail/error.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "src/loop/loop_state.h"
#include "src/loop/require_callback.h"

namespace contrail::inline v0 {

Timeout set_timeout(Function<void()> fn, std::chrono::milliseconds delay, CreationSite site) {
  detail::require_callback(fn, "set_timeout");
  return detail::loop_state().timers.add(std::move(fn), delay, false, site);
}

Timeout set_interval(Function<void()> fn, std::chrono::milliseconds period, CreationSite site) {
  detail::require_callback(fn, "set_interval");
  return detail::loop_state().timers.add(std::move(fn), period, true, site);
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

namespace {

/// sleep(): the timer owns it.
struct Sleeper final : detail::Cancellable, detail::Pooled {
  bool cancel() noexcept override {
    const Timeout its_timer = timer;
    Resolver<void> its_resolver = std::move(resolver);
    Timeout(its_timer).clear();  // This is gone now.
    its_resolver.reject(Error(detail::canceled, "sleep"));
    return true;
  }

  explicit Sleeper(Resolver<void> of) : resolver(std::move(of)) {}

  void wake() {
    timer = {};  // What has a ticket might be started again, and is kept for that.
    resolver.resolve();
  }

  Resolver<void> resolver;
  Timeout timer;
};

}  // namespace

Promise<void> sleep(std::chrono::milliseconds delay, std::stop_token stop, CreationSite site) {
  if (stop.stop_requested()) {
    return Promise<void>::reject(Error(detail::canceled, "sleep"), site);
  }
  auto [promise, resolver] = Promise<void>::with_resolver(site);
  auto sleeper = std::make_unique<Sleeper>(std::move(resolver));
  Sleeper& its = *sleeper;
  detail::state_of(promise)->settled_by(&its);
  auto wake = [sleeper = std::move(sleeper)] { sleeper->wake(); };
  its.timer = set_timeout(std::move(wake), delay, site);
  if (stop.stop_possible()) {
    detail::cancel_on_stop(*detail::state_of(promise), std::move(stop), "sleep", {});
  }
  return std::move(promise);
}

}  // namespace contrail::inline v0
