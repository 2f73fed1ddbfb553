#pragma once

#include <coroutine>
#include <memory>
#include <variant>

#include "contrail/promise.h"

// How promise.h works: the parts that must be templates.

namespace contrail::inline v0 {
namespace detail {

struct PromiseAccess {
  template <class T>
  static const Ref<PromiseState<T>>& state(const Promise<T>& promise) {
    if (!promise.state_) [[unlikely]] die_moved_from("Promise");
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
inline constexpr bool is_promise = false;
template <class T>
inline constexpr bool is_promise<Promise<T>> = true;

template <class T>
struct Settled {
  using type = T;
};
template <class T>
struct Settled<Promise<T>> {
  using type = T;
};
/// Of functions that return a promise only sometimes.
template <class T>
struct Settled<std::variant<T, Promise<T>>> {
  using type = T;
};
/// What a promise is fulfilled with when a function returning R settles it.
template <class R>
using SettledBy = typename Settled<std::decay_t<R>>::type;

template <class R>
inline constexpr bool is_value_or_promise =
    std::is_same_v<R, std::variant<SettledBy<R>, Promise<SettledBy<R>>>>;

/// Calls fn with a fulfilled promise's value, by reference if fn takes one.
template <class T, class F>
decltype(auto) call_with_value(F& fn, PromiseState<T>& source) {
  if constexpr (std::is_void_v<T>) {
    return std::invoke(fn);
  } else if constexpr (std::is_invocable_v<F&, T&>) {
    return std::invoke(fn, source.value());
  } else {
    return std::invoke(fn, std::move(source.value()));
  }
}

/// Settles a promise with what call() returns or throws.
template <class U, class Call>
void settle_from(PromiseState<U>& promise, Call&& call) noexcept {
  using R = std::invoke_result_t<Call&>;
  try {
    if constexpr (is_promise<std::decay_t<R>>) {
      promise.adopt(state_of(call()));
    } else if constexpr (std::is_void_v<R>) {
      call();
      promise.resolve();
    } else if constexpr (is_value_or_promise<std::decay_t<R>>) {
      auto outcome = call();
      if (auto* adopted = std::get_if<1>(&outcome)) return promise.adopt(state_of(*adopted));
      promise.resolve(std::get<0>(std::move(outcome)));
    } else {
      promise.resolve(call());
    }
  } catch (...) {
    promise.reject(std::current_exception());
  }
}

/// Settles a promise as another one is.
template <class T>
void settle_like(PromiseState<T>& promise, PromiseState<T>& source) noexcept {
  if (source.rejected()) return promise.reject(source.error());
  settle_from(promise, [&]() -> typename PromiseState<T>::Stored {
    return source.take(source.refs == 1);
  });
}

/// Reactions of then(): they derive a promise, and run as it.
template <class T, class U, class OnValue, class OnError>
struct ThenReaction final : Reaction, Pooled {
  ThenReaction(Ref<PromiseState<T>> from, OnValue value_fn, OnError error_fn)
      : Reaction(run_step, drop_step),
        source(std::move(from)),
        derived(new_promise<U>(&source->ids)),
        on_value(std::move(value_fn)),
        on_error(std::move(error_fn)) {}

  static void run_step(Job* job) noexcept {
    std::unique_ptr<ThenReaction> self(static_cast<ThenReaction*>(job));
    ReactionScope scope(&self->derived->ids, self->frame);
    if (self->source->fulfilled()) {
      self->on_value(*self->derived, *self->source);
    } else {
      self->on_error(*self->derived, *self->source);
    }
  }
  static void drop_step(Job* job) noexcept { delete static_cast<ThenReaction*>(job); }

  Ref<PromiseState<T>> source;
  Ref<PromiseState<U>> derived;
  OnValue on_value;
  OnError on_error;
};

template <class U, class T, class OnValue, class OnError>
Promise<U> derive(Ref<PromiseState<T>> source, OnValue on_value, OnError on_error) {
  using R = ThenReaction<T, U, OnValue, OnError>;
  auto* reaction = new R(source, std::move(on_value), std::move(on_error));
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

/// The runtime's own reactions. V8 derives a promise for them only while promises are tracked.
template <class T, class F>
struct InternalReaction final : Reaction, Pooled {
  InternalReaction(Ref<PromiseState<T>> from, F function)
      : Reaction(run_step, drop_step),
        source(std::move(from)),
        fn(std::move(function)),
        tracked(hot.promises != 0) {
    if (tracked) ids.born(&source->ids);
  }
  ~InternalReaction() {
    if (tracked) ids.gone();
  }

  static void run_step(Job* job) noexcept {
    std::unique_ptr<InternalReaction> self(static_cast<InternalReaction*>(job));
    ReactionScope scope(self->tracked ? &self->ids : nullptr, self->frame);
    self->fn(*self->source);
    if (self->tracked) self->ids.settled();
  }
  static void drop_step(Job* job) noexcept { delete static_cast<InternalReaction*>(job); }

  Ref<PromiseState<T>> source;
  F fn;
  PromiseIds ids;
  bool tracked;
};

template <class T, class F>
void react(Ref<PromiseState<T>> source, F fn) {
  PromiseState<T>& promise = *source;
  promise.add_reaction(new InternalReaction<T, F>(std::move(source), std::move(fn)));
}

/// A promise was resolved with another one: a microtask subscribes it.
template <class T>
struct AdoptJob final : Reaction, Pooled {
  AdoptJob(Ref<PromiseState<T>> to, Ref<PromiseState<T>> from)
      : Reaction(run_step, drop_step), target(std::move(to)), source(std::move(from)) {
    frame = capture_frame();
  }

  static void run_step(Job* job) noexcept {
    std::unique_ptr<AdoptJob> self(static_cast<AdoptJob*>(job));
    ReactionScope scope(&self->target->ids, self->frame);
    react(std::move(self->source),
          [target = self->target](PromiseState<T>& from) { settle_like(*target, from); });
  }
  static void drop_step(Job* job) noexcept { delete static_cast<AdoptJob*>(job); }

  Ref<PromiseState<T>> target;
  Ref<PromiseState<T>> source;
};

template <class T>
void PromiseState<T>::adopt(Ref<PromiseState> promise) {
  if (promise.get() == this) return reject(chaining_cycle());
  enqueue_job(new AdoptJob<T>(Ref<PromiseState>::share(this), std::move(promise)));
}

/// A coroutine waiting for a promise: the reaction lives in the coroutine's frame.
class AwaitReaction : public Reaction {
 public:
  AwaitReaction() noexcept : Reaction(resume, abandon) {}

 protected:
  template <class U>
  void suspend(std::coroutine_handle<CoroutineState<U>> coroutine, PromiseCore& source) {
    coroutine_ = coroutine;
    promise_ = &coroutine.promise();
    start(source);
  }

 private:
  CONTRAIL_API void start(PromiseCore& source);
  CONTRAIL_API static void resume(Job* job) noexcept;
  CONTRAIL_API static void abandon(Job* job) noexcept;

  std::coroutine_handle<> coroutine_;
  PromiseCore* promise_ = nullptr;
  PromiseIds ids_;
  bool tracked_ = false;
};

/// co_await of a promise that has a name (T&: lends the value) or none (T: gives it).
template <class T, class Result>
class Awaiter : AwaitReaction {
 public:
  explicit Awaiter(Ref<PromiseState<T>> source) noexcept : source_(std::move(source)) {}

  bool await_ready() const noexcept { return false; }
  template <class U>
  void await_suspend(std::coroutine_handle<CoroutineState<U>> coroutine) {
    suspend(coroutine, *source_);
  }
  Result await_resume() {
    if (source_->rejected()) std::rethrow_exception(source_->error());
    if constexpr (std::is_reference_v<Result>) {
      return source_->value();
    } else if constexpr (!std::is_void_v<Result>) {
      return source_->take(source_->refs == 1);
    }
  }

 private:
  Ref<PromiseState<T>> source_;
};

/// The promise of a coroutine: state and coroutine frame are one allocation.
template <class T>
class CoroutineBase : public PromiseState<T> {
 public:
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    pool_release(memory, size);
  }

  Promise<T> get_return_object() {
    // The count that the state was born with is the coroutine's own, until it ends.
    return promise_of(Ref<PromiseState<T>>::share(this));
  }
  std::suspend_never initial_suspend() const noexcept { return {}; }

  struct Last {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<CoroutineState<T>> coroutine) const noexcept {
      release(&coroutine.promise());
    }
    void await_resume() const noexcept {}
  };
  Last final_suspend() const noexcept { return {}; }
  void unhandled_exception() { this->reject(std::current_exception()); }

  template <class U>
  auto await_transform(const Promise<U>& promise) {
    return Awaiter<U, std::add_lvalue_reference_t<U>>(state_of(promise));
  }
  template <class U>
  auto await_transform(Promise<U>&& promise) {
    return Awaiter<U, U>(PromiseAccess::take(std::move(promise)));
  }
  /// Anything else: a promise of it, derived from this one.
  template <class V>
    requires(!is_promise<std::decay_t<V>>)
  auto await_transform(V&& value) {
    using Value = std::decay_t<V>;
    auto wrapper = new_promise<Value>(&this->ids);
    wrapper->resolve(std::forward<V>(value));
    return Awaiter<Value, Value>(std::move(wrapper));
  }

 private:
  void dispose() noexcept override {
    std::coroutine_handle<CoroutineState<T>>::from_promise(static_cast<CoroutineState<T>&>(*this))
        .destroy();
  }
};

template <class T>
class CoroutineState final : public CoroutineBase<T> {
 public:
  template <std::convertible_to<T> V>
  void return_value(V&& value) {
    this->resolve(std::forward<V>(value));
  }
  void return_value(const Promise<T>& promise) { this->adopt(state_of(promise)); }
};

template <>
class CoroutineState<void> final : public CoroutineBase<void> {
 public:
  void return_void() { resolve(); }
};

}  // namespace detail

template <class T>
auto Promise<T>::with_resolver() -> WithResolver {
  auto state = detail::new_promise<T>();
  return {Promise(state), Resolver<T>(state)};
}

template <class T>
template <std::invocable<Resolver<T>> Executor>
Promise<T>::Promise(Executor executor) : state_(detail::new_promise<T>()) {
  try {
    std::invoke(executor, Resolver<T>(state_));
  } catch (...) {
    if (state_->claim()) state_->reject(std::current_exception());
  }
}

template <class T>
Promise<T> Promise<T>::resolve(Stored value) {
  auto state = detail::new_promise<T>();
  state->claim();
  state->resolve(std::move(value));
  return Promise(std::move(state));
}

template <class T>
Promise<T> Promise<T>::reject(std::exception_ptr error) {
  auto state = detail::new_promise<T>();
  state->claim();
  state->reject(std::move(error));
  return Promise(std::move(state));
}

template <class T>
template <class F>
auto Promise<T>::then(F fn) const {
  using R = decltype(detail::call_with_value(fn, state()));
  using U = detail::SettledBy<R>;
  return detail::derive<U>(
      detail::state_of(*this),
      [fn = std::move(fn)](auto& derived, auto& source) mutable {
        detail::settle_from(derived,
                            [&]() -> R { return detail::call_with_value(fn, source); });
      },
      detail::pass_error);
}

template <class T>
template <class F, class E>
auto Promise<T>::then(F fn, E on_rejected) const {
  using R = decltype(detail::call_with_value(fn, state()));
  using U = detail::SettledBy<R>;
  return detail::derive<U>(
      detail::state_of(*this),
      [fn = std::move(fn)](auto& derived, auto& source) mutable {
        detail::settle_from(derived,
                            [&]() -> R { return detail::call_with_value(fn, source); });
      },
      [fn = std::move(on_rejected)](auto& derived, auto& source) mutable {
        detail::settle_from(derived, [&]() -> decltype(auto) { return fn(source.error()); });
      });
}

template <class T>
template <std::invocable<std::exception_ptr> F>
Promise<T> Promise<T>::catch_error(F fn) const {
  using U = detail::SettledBy<std::invoke_result_t<F&, std::exception_ptr>>;
  static_assert(std::is_void_v<T> ? std::is_void_v<U> : std::is_convertible_v<U, T>,
                "catch_error: fn must return what the promise promises");
  return detail::derive<T>(detail::state_of(*this), detail::pass_value,
                           [fn = std::move(fn)](auto& derived, auto& source) mutable {
                             detail::settle_from(derived, [&]() -> decltype(auto) {
                               return fn(source.error());
                             });
                           });
}

template <class T>
template <std::invocable F>
Promise<T> Promise<T>::finally(F fn) const {
  using R = std::invoke_result_t<F&>;
  using U = detail::SettledBy<R>;
  // As JavaScript does it: the outcome waits for a promise of fn's result, one `then` away.
  auto after_fn = [fn = std::move(fn)](auto& derived, auto& source) mutable {
    detail::settle_from(derived, [&]() -> Promise<T> {
      auto done = [&]() -> Promise<U> {
        if constexpr (detail::is_promise<std::decay_t<R>>) {
          return fn();
        } else if constexpr (std::is_void_v<R>) {
          fn();
          return Promise<void>::resolve();
        } else if constexpr (detail::is_value_or_promise<std::decay_t<R>>) {
          return std::visit([](auto&& outcome) { return Promise<U>::resolve(std::move(outcome)); },
                            fn());
        } else {
          return Promise<U>::resolve(fn());
        }
      }();
      return detail::derive<T>(
          detail::state_of(done),
          [outcome = detail::Ref<detail::PromiseState<T>>::share(&source)](
              auto& result, auto&) { detail::settle_like(result, *outcome); },
          detail::pass_error);
    });
  };
  // One callable for both outcomes: the reaction owns it once.
  auto shared = std::make_shared<decltype(after_fn)>(std::move(after_fn));
  auto call = [shared](auto& derived, auto& source) { (*shared)(derived, source); };
  return detail::derive<T>(detail::state_of(*this), call, call);
}

}  // namespace contrail::inline v0
