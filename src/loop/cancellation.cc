#include "contrail/cancellation.h"

#include <fmt/core.h>
#include <uv.h>

#include <algorithm>

#include "contrail/error.h"
#include "contrail/promise_combinators.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

static_assert(timed_out == UV_ETIMEDOUT && canceled == UV_ECANCELED);

struct OnStop::State : std::enable_shared_from_this<OnStop::State> {
  explicit State(Function<void()> function) : fn(std::move(function)) {}

  /// By the thread that asks to stop.
  void stop_requested() noexcept {
    if (hot.thread == thread) return call();
    // The Loop is there: it ends only after the OnStops of its promises, which wait for this.
    owner.post([self = shared_from_this()] { self->call(); });
  }
  void call() {
    if (auto due = std::exchange(fn, nullptr)) due();
  }

  Function<void()> fn;
  Loop& owner = loop_state().owner;
  const std::uint32_t thread = hot.thread;
};

void OnStop::Call::operator()() const noexcept { state->stop_requested(); }

OnStop::OnStop(std::stop_token stop, Function<void()> fn)
    : state_(std::make_shared<State>(std::move(fn))) {
  callback_.emplace(std::move(stop), Call{state_});
}

OnStop::~OnStop() {
  callback_.reset();  // Waits for another thread that is in it.
  state_->fn = nullptr;
}

bool request_cancel(Cancellable& first) noexcept {
  if (!hot.environment || hot.tearing_down) return false;  // Everything is being cancelled anyway.
  // Promises may wait for each other in a circle: then there is nobody to ask. (Brent's algorithm.)
  Cancellable* last = &first;
  Cancellable* mark = last;
  std::size_t steps = 0;
  std::size_t steps_to_mark = 1;
  while (Cancellable* next = last->waits_for()) {
    last = next;
    if (last == mark) return false;
    if (++steps < steps_to_mark) continue;
    mark = last;
    steps = 0;
    steps_to_mark *= 2;
  }
  return last->cancel();
}

namespace {

/// Listens for as long as the promise is pending. Unlike other reactions it is nobody's business.
struct StopReaction final : Reaction, Pooled {
  StopReaction(Ref<PromiseCore> of, std::string_view call, std::string its_subject)
      : Reaction(end, end),
        promise(std::move(of)),
        syscall(call),
        subject(std::move(its_subject)) {}

  void cancel() {
    if (!promise->pending() || request_cancel(*promise) || !promise->claim()) return;
    promise->reject(std::make_exception_ptr(Error(UV_ECANCELED, syscall, subject)));
  }
  static void end(Job* job) noexcept { delete static_cast<StopReaction*>(job); }

  Ref<PromiseCore> promise;
  std::string_view syscall;
  std::string subject;
  std::optional<OnStop> on_stop;
};

}  // namespace

void cancel_on_stop(PromiseCore& promise, std::stop_token stop, std::string_view syscall,
                    std::string subject) {
  auto* reaction = new StopReaction(Ref<PromiseCore>::share(&promise), syscall, std::move(subject));
  promise.add_observer(reaction);
  reaction->on_stop.emplace(std::move(stop), [reaction] { reaction->cancel(); });
}

namespace {

bool was_canceled(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known.code().value() == UV_ECANCELED;
  } catch (...) {
    return false;
  }
}

}  // namespace

std::exception_ptr instead_of_canceled(const std::exception_ptr& error, int status,
                                       std::string_view syscall, std::string_view subject) {
  if (!error) return std::make_exception_ptr(Error(status, syscall, std::string(subject)));
  try {
    std::rethrow_exception(error);
  } catch (const AggregateError& all) {  // any() has nothing else to say.
    const auto& errors = all.errors();
    const bool canceled_all =
        !errors.empty() && std::all_of(errors.begin(), errors.end(), was_canceled);
    return canceled_all ? instead_of_canceled(errors.front(), status, syscall, subject) : error;
  } catch (const Error& known) {
    if (known.code().value() != UV_ECANCELED || status == UV_ECANCELED) return error;
    return std::make_exception_ptr(Error(status, known.syscall(), known.subject()));
  } catch (...) {
    return error;
  }
}

std::string describe(std::chrono::milliseconds time) { return fmt::format("{} ms", time.count()); }

}  // namespace contrail::inline v0::detail
