#include "contrail/graceful_shutdown.h"

#include <algorithm>

#include "contrail/cancellation.h"
#include "src/loop/callback_scope.h"
#include "src/loop/loop_state.h"
#include "src/loop/require_callback.h"
#include "src/loop/shutdown.h"

namespace contrail::inline v0 {
namespace detail {

Shutdown::Shutdown(LoopState& loop) noexcept : loop_(loop), begun_(loop.timers.cached_now()) {}

Promise<ShutdownReport> Shutdown::join(std::chrono::milliseconds deadline, CreationSite site) {
  auto [promise, resolver] = Promise<ShutdownReport>::with_resolver(site);
  waiting_.push_back(std::move(resolver));
  if (phase_ == Phase::accepting) begin();
  deadline = std::min(deadline, longest_delay);
  const auto due = loop_.timers.cached_now() + deadline;
  if (phase_ == Phase::draining && due < deadline_) {
    deadline_ = due;
    timer_.clear();
    timer_ = set_timeout([this, site] { cancel_all(site); }, deadline, site).unref();
  }
  return std::move(promise);
}

void Shutdown::begin() {
  phase_ = Phase::draining;
  Link last;  // Those who come from here on are not for this time.
  last.insert_before(loop_.on_shutdown);
  while (loop_.on_shutdown.next != &last) {
    auto* next = static_cast<OnShutdown::State*>(loop_.on_shutdown.next);
    next->unlink();
    Function<void()> fn = std::move(next->fn);
    const FrameRef context = std::move(next->context);
    FrameScope scope(context.get());
    if (auto error = catch_from(fn)) {
      loop_.uncaught(std::move(error), ExceptionOrigin::uncaught_exception);
    }
  }
  last.unlink();
  loop_.open.each([](Open& item) { item.stop_accepting(); });
}

/// Whoever is waited for fails, and the coroutines that wait for it go on from there.
void Shutdown::cancel_awaited() {
  std::vector<Ref<PromiseCore>> awaited;
  for (PromiseCore* each = loop_.awaited; each; each = each->next_awaited()) {
    awaited.push_back(Ref<PromiseCore>::share(each));
  }
  for (const auto& promise : awaited) request_cancel(*promise);
}

void Shutdown::cancel_all(CreationSite site) {
  phase_ = Phase::cancelling;
  cut_off_ = loop_.active_resources();
  // KeepAlives and handles that are not contrail's have no id, and are left alone.
  std::erase_if(cut_off_, [](const ActiveResource& each) {
    return !each.has_ref || each.async_id == no_async_id;
  });
  cancel_awaited();
  set_immediate([this] { close_all(); }, site);
}

void Shutdown::close_all() {
  cancel_awaited();
  loop_.open.each([](Open& item) {
    if (item.wants_loop()) item.end();
  });
  loop_.timers.drop_those_with_ref();
  loop_.immediates.drop();
  finish();
}

void Shutdown::finish() {
  if (over()) return;
  const bool cut = phase_ == Phase::cancelling;
  phase_ = Phase::over;
  timer_.clear();
  const auto took = loop_.timers.cached_now() - begun_;
  LoopState& loop = loop_;  // A hook that hears of the promises may begin another shutdown.
  const auto cut_off = std::move(cut_off_);
  for (auto& resolver : std::exchange(waiting_, {})) resolver.resolve({cut_off, took});
  // Whatever would keep it: those who go on regardless, and KeepAlives, whose owners may wait.
  if (cut || !loop.holds.empty()) loop.owner.stop();
}

}  // namespace detail

Promise<ShutdownReport> graceful_shutdown(std::chrono::milliseconds deadline, std::stop_token stop,
                                          CreationSite site) {
  detail::LoopState& loop = detail::loop_state();
  if (!loop.shutdown || loop.shutdown->over()) {
    loop.shutdown = std::make_unique<detail::Shutdown>(loop);
  }
  auto promise = loop.shutdown->join(deadline, site);
  if (stop.stop_possible()) {
    detail::cancel_on_stop(*detail::state_of(promise), std::move(stop), "graceful_shutdown", {});
  }
  return promise;
}

OnShutdown::OnShutdown(Function<void()> fn) {
  detail::require_callback(fn, "OnShutdown");
  state_ = std::make_unique<State>(std::move(fn));
  state_->insert_before(detail::loop_state().on_shutdown);
}
OnShutdown::OnShutdown(OnShutdown&&) noexcept = default;
OnShutdown& OnShutdown::operator=(OnShutdown&&) noexcept = default;
OnShutdown::~OnShutdown() = default;

}  // namespace contrail::inline v0
