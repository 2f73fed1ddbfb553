#include "contrail/hooks/async_stack.h"

#include "contrail/execution.h"
#include "contrail/hooks/signal_text.h"
#include "hooks/ancestry.h"

namespace contrail::inline v0::hooks {

AsyncStack::AsyncStack(AsyncStackOptions options) : options_(options) { enable(); }

AsyncStack::AsyncStack(AsyncStack&&) noexcept = default;
AsyncStack& AsyncStack::operator=(AsyncStack&&) noexcept = default;
AsyncStack::~AsyncStack() = default;

void AsyncStack::enable() {
  if (ancestry_ && ancestry_->is_of_this_loop()) return;
  ancestry_ = Ancestry::share(options_.nodes_max, options_.track_promises);
}

void AsyncStack::disable() noexcept { ancestry_.reset(); }

std::vector<AsyncFrame> AsyncStack::current() const { return of(execution_async_id()); }

std::vector<AsyncFrame> AsyncStack::of(AsyncId id) const {
  if (!ancestry_ || !ancestry_->is_of_this_loop()) return {};
  return ancestry_->frames(id, options_.frames_max);
}

std::string AsyncStack::text() const {
  std::string text;
  SignalText to(text);
  if (ancestry_ && ancestry_->is_of_this_loop()) {
    write_running(to, ancestry_.get(), options_.frames_max);
  }
  to.flush();
  return text;
}

void AsyncStack::print(int fd) const noexcept {
  SignalText to(fd);
  if (ancestry_) write_running(to, ancestry_.get(), options_.frames_max);
}

std::string to_text(const std::vector<AsyncFrame>& frames) {
  std::string text;
  SignalText to(text);
  for (const AsyncFrame& frame : frames) write(to, frame);
  to.flush();
  return text;
}

}  // namespace contrail::inline v0::hooks
