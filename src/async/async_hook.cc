#include "contrail/async_hook.h"

#include <stdexcept>

#include "src/async/environment.h"

namespace contrail::inline v0 {

AsyncHook::AsyncHook(HookCallbacks callbacks) : entry_(std::make_shared<detail::HookEntry>()) {
  if (callbacks.promise_resolve && !callbacks.track_promises) {
    throw std::invalid_argument("AsyncHook: promise_resolve needs track_promises");
  }
  entry_->callbacks = std::move(callbacks);
}

AsyncHook::AsyncHook(AsyncHook&&) noexcept = default;

AsyncHook& AsyncHook::operator=(AsyncHook&& other) noexcept {
  if (this != &other) {
    AsyncHook gone(std::move(*this));
    entry_ = std::move(other.entry_);
  }
  return *this;
}

AsyncHook::~AsyncHook() {
  if (!entry_) return;
  disable();
  if (detail::hot.environment) detail::hot.environment->hooks.silence(*entry_);
}

AsyncHook& AsyncHook::enable() {
  if (!entry_) detail::die_moved_from("AsyncHook");
  detail::Environment& environment = detail::environment();
  if (entry_->environment && entry_->environment != &environment) {
    detail::die("contrail: this AsyncHook is enabled on another thread's Loop");
  }
  environment.hear_of_exit();  // What a hook throws ends the process.
  environment.hooks.enable(entry_);
  entry_->environment = &environment;
  entry_->enabled = true;
  return *this;
}

AsyncHook& AsyncHook::disable() noexcept {
  if (!entry_) detail::die_moved_from("AsyncHook");
  if (!std::exchange(entry_->enabled, false)) return *this;
  detail::Environment* environment = std::exchange(entry_->environment, nullptr);
  if (!environment) return *this;  // Its Loop is gone.
  if (environment != detail::hot.environment) {
    detail::die("contrail: an AsyncHook was disabled on a thread other than its Loop's");
  }
  environment->hooks.disable(*entry_);
  return *this;
}

bool AsyncHook::enabled() const noexcept { return entry_ && entry_->enabled; }

}  // namespace contrail::inline v0
