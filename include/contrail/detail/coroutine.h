#pragma once

#include <concepts>
#include <coroutine>
#include <tuple>

#include "contrail/detail/foreign_awaitable.h"
#include "contrail/detail/reactions.h"

// What makes Promise<T> the return type of coroutines.

namespace contrail::inline v0::detail {

template <class T>
class CoroutineState;

/// A coroutine waiting for a promise: the reaction lives in the coroutine's frame.
class AwaitReaction : public Reaction {
 public:
  explicit AwaitReaction(Ref<PromiseCore> source) noexcept
      : Reaction(resume, abandon), source_(std::move(source)) {}

 protected:
  template <class U>
  void suspend(std::coroutine_handle<CoroutineState<U>> coroutine, CreationSite site) {
    coroutine_ = coroutine;
    promise_ = &coroutine.promise();
    start(site);
  }
  PromiseCore& source() noexcept { return *source_; }

 private:
  CONTRAIL_API void start(CreationSite site);
  CONTRAIL_API static void resume(Job* job) noexcept;
  CONTRAIL_API static void abandon(Job* job) noexcept;

  Ref<PromiseCore> source_;
  std::coroutine_handle<> coroutine_;
  PromiseCore* promise_ = nullptr;
  PromiseIds ids_;
  bool tracked_ = false;
};

/// co_await of a promise that has a name (T&: lends the value) or none (T: gives it).
template <class T, class Result>
class Awaiter : AwaitReaction {
 public:
  Awaiter(Ref<PromiseState<T>> source, CreationSite site) noexcept
      : AwaitReaction(Ref<PromiseCore>::adopt(source.detach())), site_(site) {}

  bool await_ready() const noexcept { return false; }
  template <class U>
  void await_suspend(std::coroutine_handle<CoroutineState<U>> coroutine) {
    suspend(coroutine, site_);
  }
  Result await_resume() {
    auto& awaited = static_cast<PromiseState<T>&>(source());
    if (awaited.rejected()) std::rethrow_exception(awaited.error());
    if constexpr (std::is_reference_v<Result>) {
      return awaited.value();
    } else if constexpr (!std::is_void_v<Result>) {
      return awaited.take(awaited.refs == 1);
    }
  }

 private:
  CreationSite site_;  ///< Of the co_await.
};

/// co_await of what another library made for it. It is started here, and lives as long as this.
template <class A, class T = ForeignValue<ForeignResult<A>>>
class ForeignAwait : public Awaiter<T, T> {
 public:
  ForeignAwait(A&& foreign, PromiseIds* parent, CreationSite site)
      : ForeignAwait(static_cast<A&&>(foreign), new_promise<T>(parent, site), site) {}

  ForeignResult<A> await_resume() {
    using Result = ForeignResult<A>;
    if constexpr (std::is_reference_v<Result>) {
      return static_cast<Result>(*Awaiter<T, T>::await_resume());
    } else {
      return Awaiter<T, T>::await_resume();
    }
  }

 private:
  ForeignAwait(A&& foreign, Ref<PromiseState<T>> promise, CreationSite site)
      : Awaiter<T, T>(promise, site),
        awaiter_(foreign_awaiter(static_cast<A&&>(foreign))),
        wait_(wait_for(awaiter_, std::move(promise))) {}

  ForeignAwaiterOf<A> awaiter_;
  ForeignWait wait_;
};

/// What co_await of something else yields that is no promise.
template <class V>
struct Awaited {
  using type = V;
};
template <Thenable F>
struct Awaited<F> {
  using type = typename F::value_type;
};

/// The promise of a coroutine: state and coroutine frame are one allocation.
template <class T>
class CoroutinePromise : public PromiseState<T> {
 public:
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    pool_release(memory, size);
  }

  explicit CoroutinePromise(CreationSite site) : PromiseState<T>(nullptr, site) {}

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
  auto await_transform(const Promise<U>& promise, CreationSite site = CreationSite::current()) {
    return Awaiter<U, std::add_lvalue_reference_t<U>>(state_of(promise), site);
  }
  template <class U>
  auto await_transform(Promise<U>&& promise, CreationSite site = CreationSite::current()) {
    return Awaiter<U, U>(PromiseAccess::take(std::move(promise)), site);
  }
  template <class A>
  requires(!is_promise<std::decay_t<A>> &&
           ForeignAwaitable<A>) auto await_transform(A&& foreign,
                                                     CreationSite site = CreationSite::current()) {
    static_assert(Awaitable<A>, "co_await: only coroutines of its own library can wait for this");
    return ForeignAwait<A>(static_cast<A&&>(foreign), &this->ids, site);
  }
  /// Anything else: a promise of it, derived from this one.
  template <class V>
  requires(!is_promise<std::decay_t<V>> &&
           !ForeignAwaitable<V>) auto await_transform(V&& value,
                                                      CreationSite site = CreationSite::current()) {
    using Value = typename Awaited<std::decay_t<V>>::type;
    auto wrapper = new_promise<Value>(&this->ids, site);
    settle_with(*wrapper, std::forward<V>(value));
    return Awaiter<Value, Value>(std::move(wrapper), site);
  }

 private:
  void dispose() noexcept override { this->destroy_in_turn(); }
  void destroy() noexcept override {
    std::coroutine_handle<CoroutineState<T>>::from_promise(static_cast<CoroutineState<T>&>(*this))
        .destroy();
  }
};

template <class... Args>
concept EndsInSite =
    sizeof...(Args) > 1 &&
    std::same_as<std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>, CreationSite>;

template <class... Args>
CreationSite last_of(const Args&... args) {
  return std::get<sizeof...(Args) - 1>(std::tie(args...));
}

template <class T>
class CoroutineState final : public CoroutinePromise<T> {
 public:
  explicit CoroutineState(CreationSite site = CreationSite::current())
      : CoroutinePromise<T>(site) {}
  /// Of a coroutine whose last parameter is a CreationSite.
  template <class... Args>
  requires EndsInSite<Args...>
  explicit CoroutineState(const Args&... args) : CoroutinePromise<T>(last_of(args...)) {}

  template <std::convertible_to<T> V>
  requires(!ThenableOf<std::decay_t<V>, T>) void return_value(V&& value) {
    this->resolve(std::forward<V>(value));
  }
  template <ThenableOf<T> F>
  void return_value(F thenable) {
    this->adopt_thenable(std::move(thenable));
  }
  void return_value(const Promise<T>& promise) { this->adopt(state_of(promise)); }
};

template <>
class CoroutineState<void> final : public CoroutinePromise<void> {
 public:
  explicit CoroutineState(CreationSite site = CreationSite::current())
      : CoroutinePromise<void>(site) {}
  template <class... Args>
  requires EndsInSite<Args...>
  explicit CoroutineState(const Args&... args) : CoroutinePromise<void>(last_of(args...)) {}

  void return_void() { resolve(); }
};

}  // namespace contrail::inline v0::detail
