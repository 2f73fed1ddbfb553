#pragma once

#include "contrail/detail/reactions.h"
#include "contrail/promise.h"

// How a promise takes the outcome of a foreign object.

namespace contrail::inline v0::detail {

template <class T>
void StandIn<T>::pass_on() noexcept {
  settle_like(*target, *this);
}

/// A promise was resolved with a thenable: a microtask calls its then().
template <class T, class F>
struct ThenableJob final : Reaction, Pooled {
  ThenableJob(Ref<PromiseState<T>> to, F from)
      : Reaction(run_step, drop_step), target(std::move(to)), thenable(std::move(from)) {
    frame = capture_frame();
  }

  static void run_step(Job* job) noexcept {
    std::unique_ptr<ThenableJob> self(static_cast<ThenableJob*>(job));
    ReactionScope scope(&self->target->ids, self->frame);
    const auto outcome = Ref<PromiseState<T>>::adopt(new StandIn<T>(self->target));
    outcome->begin_executor();
    try {
      self->thenable.then(Resolver<T>(outcome));
    } catch (...) {
      if (outcome->claim()) outcome->reject(std::current_exception());
    }
    if (outcome->end_executor()) outcome->reject(broken_promise());
  }
  static void drop_step(Job* job) noexcept { delete static_cast<ThenableJob*>(job); }

  Ref<PromiseState<T>> target;
  F thenable;
};

template <class T>
template <class F>
void PromiseState<T>::adopt_thenable(F thenable) {
  auto adopter = Ref<PromiseState>::share(&principal());
  enqueue_job(new ThenableJob<T, F>(std::move(adopter), std::move(thenable)));
}

}  // namespace contrail::inline v0::detail
