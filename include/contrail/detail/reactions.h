#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "contrail/detail/promise_state.h"
#include "contrail/thenable.h"

// What happens when a promise is settled: the reactions of then() and the runtime's own.

namespace contrail::inline v0::detail {

struct PromiseAccess {
  template <class T>
  static const Ref<PromiseState<T>>& state(const Promise<T>& promise) {
    if (!promise.state_) [[unlikely]]
      die_moved_from("Promise");
    return promise.state_;
  }
  template <class T>
  static Ref<PromiseState<T>> take(Promise<T>&& promise) {
    state(promise);
    return std::move(promise.state_);
  }
  template <class T>
  static Promise<T> make(Ref<PromiseState<T>> state) {
    return Promise<T>(std::move(state));
  }
};

template <class T>
const Ref<PromiseState<T>>& state_of(const Promise<T>& promise) {
  return PromiseAccess::state(promise);
}
template <class T>
Promise<T> promise_of(Ref<PromiseState<T>> state) {
  return PromiseAccess::make(std::move(state));
}

template <class T>
struct Settled {
  using type = T;
};
template <class T>
struct Settled<Promise<T>> {
  using type = T;
};
template <Thenable F>
struct Settled<F> {
  using type = typename F::value_type;
};
/// Of functions that return a promise only sometimes.
template <class T, ThenableOf<T>... Thenables>
struct Settled<std::variant<T, Promise<T>, Thenables...>> {
  using type = T;
};
/// What a promise is fulfilled with when a function returning R settles it.
template <class R>
using SettledBy = typename Settled<std::decay_t<R>>::type;

template <class R>
inline constexpr bool is_value_or_promise = false;
template <class T, ThenableOf<T>... Thenables>
inline constexpr bool is_value_or_promise<std::variant<T, Promise<T>, Thenables...>> = true;

/// Settles a promise with a value, or lets it take an outcome.
template <class U, class R>
void settle_with(PromiseState<U>& promise, R&& result) {
  if constexpr (is_promise<std::decay_t<R>>) {
    promise.adopt(state_of(result));
  } else if constexpr (Thenable<std::decay_t<R>>) {
    promise.adopt_thenable(std::forward<R>(result));
  } else {
    promise.resolve(std::forward<R>(result));
  }
}

/// Calls fn with a fulfilled promise's value, by reference if fn takes one, or without.
template <class T, class F>
decltype(auto) call_with_value(F& fn, PromiseState<T>& source) {
  using Value = typename PromiseState<T>::Stored;
  if constexpr (!std::is_void_v<T> && std::is_invocable_v<F&, Value&>) {
    return std::invoke(fn, source.value());
  } else if constexpr (!std::is_void_v<T> && std::is_invocable_v<F&, Value>) {
    return std::invoke(fn, std::move(source.value()));
  } else {
    static_assert(std::is_invocable_v<F&>,
                  "then: fn must take what the promise promises, by reference or by value, or "
                  "nothing");
    return std::invoke(fn);
  }
}

/// Calls fn with what a promise was rejected with, or without.
template <class F>
decltype(auto) call_with_error(F& fn, const std::exception_ptr& error) {
  if constexpr (std::is_invocable_v<F&, std::exception_ptr>) {
    return std::invoke(fn, error);
  } else {
    static_assert(std::is_invocable_v<F&>,
                  "on_rejected and catch_error: fn must take a std::exception_ptr, or nothing");
    return std::invoke(fn);
  }
}
template <class F>
using ErrorResult = decltype(call_with_error(std::declval<F&>(), nullptr));

/// Settles a promise with what call() returns or throws.
template <class U, class Call>
void settle_from(PromiseState<U>& promise, Call&& call) noexcept {
  using R = std::invoke_result_t<Call&>;
  try {
    if constexpr (std::is_void_v<R>) {
      call();
      promise.resolve();
    } else if constexpr (is_value_or_promise<std::decay_t<R>>) {
      std::visit([&](auto&& outcome) { settle_with(promise, std::move(outcome)); }, call());
    } else {
      settle_with(promise, call());
    }
  } catch (...) {
    promise.reject(std::current_exception());
  }
}

/// Settles a promise as another one is.
template <class T>
void settle_like(PromiseState<T>& promise, PromiseState<T>& source) noexcept {
  if (source.rejected()) return promise.reject(source.error());
  settle_from(promise,
              [&]() -> typename PromiseState<T>::Stored { return source.take(source.refs == 1); });
}

/// Reactions of then(): they derive a promise, and run as it.
template <class T, class U, class OnValue, class OnError>
struct ThenReaction final : Reaction, Pooled {
  ThenReaction(Ref<PromiseState<T>> from, OnValue value_fn, OnError error_fn, CreationSite site)
      : ThenReaction(from, new_promise<U>(&from->ids, site), std::move(value_fn),
                     std::move(error_fn)) {}
  ThenReaction(Ref<PromiseState<T>> from, Ref<PromiseState<U>> to, OnValue value_fn,
               OnError error_fn)
      : Reaction(run_step, drop_step),
        source(std::move(from)),
        derived(std::move(to)),
        on_value(std::move(value_fn)),
        on_error(std::move(error_fn)) {
    derived->settled_by(source.get());
  }

  static void run_step(Job* job) noexcept {
    std::unique_ptr<ThenReaction> self(static_cast<ThenReaction*>(job));
    ReactionScope scope(&self->derived->ids, self->frame);
    self->derived->settled_by(nullptr);
    if (self->source->fulfilled()) {
      self->on_value(*self->derived, *self->source);
    } else {
      self->on_error(*self->derived, *self->source);
    }
  }
  static void drop_step(Job* job) noexcept {
    static_cast<ThenReaction*>(job)->derived->settled_by(nullptr);
    delete static_cast<ThenReaction*>(job);
  }

  Ref<PromiseState<T>> source;
  Ref<PromiseState<U>> derived;
  OnValue on_value;
  OnError on_error;
};

template <class U, class T, class OnValue, class OnError>
Promise<U> derive(Ref<PromiseState<T>> source, OnValue on_value, OnError on_error,
                  CreationSite site) {
  using R = ThenReaction<T, U, OnValue, OnError>;
  auto* reaction = new R(source, std::move(on_value), std::move(on_error), site);
  Promise<U> derived = promise_of(reaction->derived);
  source->add_reaction(reaction);
  return derived;
}

inline constexpr auto pass_error = [](auto& derived, auto& source) {
  derived.reject(source.error());
};
inline constexpr auto pass_value = [](auto& derived, auto& source) {
  settle_like(derived, source);
};

/// For the runtime's own reactions V8 derives a promise too, though nobody will ever get it.
enum class Derive { never, if_tracked, always };

template <class T, class F>
struct InternalReaction final : Reaction, Pooled {
  InternalReaction(Ref<PromiseState<T>> from, F function, Derive derive_when, CreationSite site)
      : Reaction(run_step, drop_step),
        source(std::move(from)),
        fn(std::move(function)),
        derives(derive_when == Derive::always ||
                (derive_when == Derive::if_tracked && hot.promises != 0)) {
    if (derives) ids.born(&source->ids, site);
  }
  ~InternalReaction() {
    if (derives) ids.gone();
  }

  static void run_step(Job* job) noexcept {
    std::unique_ptr<InternalReaction> self(static_cast<InternalReaction*>(job));
    ReactionScope scope(self->derives ? &self->ids : nullptr, self->frame);
    self->fn(*self->source);
    if (self->derives) self->ids.settled();
  }
  static void drop_step(Job* job) noexcept { delete static_cast<InternalReaction*>(job); }

  Ref<PromiseState<T>> source;
  F fn;
  PromiseIds ids;
  bool derives;
};

/// Calls fn with the promise once it is settled.
template <class T, class F>
void react(Ref<PromiseState<T>> source, F fn, Derive derive_when = Derive::if_tracked,
           CreationSite site = {}) {
  PromiseState<T>& promise = *source;
  promise.add_reaction(
      new InternalReaction<T, F>(std::move(source), std::move(fn), derive_when, site));
}

/// The same, but hooks do not see it, and a rejection stays unhandled.
template <class T, class F>
void observe(Ref<PromiseState<T>> source, F fn) {
  PromiseState<T>& promise = *source;
  promise.add_observer(
      new InternalReaction<T, F>(std::move(source), std::move(fn), Derive::never, {}));
}

/// A promise was resolved with another one: a microtask subscribes it.
template <class T>
struct AdoptJob final : Reaction, Pooled {
  AdoptJob(Ref<PromiseState<T>> to, Ref<PromiseState<T>> from)
      : Reaction(run_step, drop_step), target(std::move(to)), source(std::move(from)) {
    frame = capture_frame();
    target->settled_by(source.get());
  }

  static void run_step(Job* job) noexcept {
    std::unique_ptr<AdoptJob> self(static_cast<AdoptJob*>(job));
    ReactionScope scope(&self->target->ids, self->frame);
    if (hot.promises) [[unlikely]] {
      react(self->source,
            [target = self->target](PromiseState<T>& from) { settle_like(*target, from); });
    } else {
      // V8's shortcut: the adopting promise takes the place of a derived one.
      using R = ThenReaction<T, T, decltype(pass_value), decltype(pass_error)>;
      self->source->add_reaction(new R(self->source, self->target, pass_value, pass_error));
    }
  }
  static void drop_step(Job* job) noexcept {
    static_cast<AdoptJob*>(job)->target->settled_by(nullptr);
    delete static_cast<AdoptJob*>(job);
  }

  Ref<PromiseState<T>> target;
  Ref<PromiseState<T>> source;
};

template <class T>
void PromiseState<T>::adopt(Ref<PromiseState> promise) {
  PromiseState& adopter = principal();
  if (promise.get() == &adopter) return adopter.reject(chaining_cycle());
  enqueue_job(new AdoptJob<T>(Ref<PromiseState>::share(&adopter), std::move(promise)));
}

}  // namespace contrail::inline v0::detail
