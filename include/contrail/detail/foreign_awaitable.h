#pragma once

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>

#include "contrail/detail/reactions.h"

// How a coroutine waits for the awaitables of other libraries: a coroutine of our own, which they
// may resume when and as they like, settles a promise.

namespace contrail::inline v0::detail {

template <class A>
concept ForeignAwaiter = requires(A& awaiter) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_resume();
};
template <class A>
concept HasMemberCoAwait = requires(A&& foreign) {
  static_cast<A&&>(foreign).operator co_await();
};
template <class A>
concept HasFreeCoAwait = requires(A&& foreign) {
  operator co_await(static_cast<A&&>(foreign));
};
/// `A` is what a forwarding reference deduces.
template <class A>
concept ForeignAwaitable = HasMemberCoAwait<A> || HasFreeCoAwait<A> || ForeignAwaiter<A>;

template <class A>
decltype(auto) foreign_awaiter(A&& foreign) {
  if constexpr (HasMemberCoAwait<A>) {
    return static_cast<A&&>(foreign).operator co_await();
  } else if constexpr (HasFreeCoAwait<A>) {
    return operator co_await(static_cast<A&&>(foreign));
  } else {
    return static_cast<A&&>(foreign);
  }
}

/// A reference to the awaitable if it is its own awaiter.
template <class A>
using ForeignAwaiterOf = decltype(foreign_awaiter(std::declval<A>()));
template <class A>
using ForeignResult = decltype(std::declval<ForeignAwaiterOf<A>&>().await_resume());
/// In which form a promise has it: a reference as a pointer.
template <class R>
using ForeignValue =
    std::conditional_t<std::is_reference_v<R>, std::add_pointer_t<std::remove_reference_t<R>>,
                       std::remove_cv_t<R>>;

/// The coroutine that the foreign awaiter suspends and resumes. It dies with this.
class ForeignWait {
 public:
  struct promise_type {
    ForeignWait get_return_object() noexcept { return ForeignWait(this); }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_always final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }  // Nothing leaves wait_for().
  };

  ForeignWait(ForeignWait&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  ForeignWait& operator=(ForeignWait&&) = delete;
  ~ForeignWait() {
    if (frame_) std::coroutine_handle<promise_type>::from_promise(*frame_).destroy();
  }

 private:
  explicit ForeignWait(promise_type* frame) noexcept : frame_(frame) {}
  promise_type* frame_;
};

template <class A>
concept Awaitable = requires(ForeignAwaiterOf<A>& awaiter,
                             std::coroutine_handle<ForeignWait::promise_type> coroutine) {
  awaiter.await_suspend(coroutine);
};

/// Starts it. Lets go of the promise once it is settled, so that the value can be moved out.
template <class Awaiter, class T>
ForeignWait wait_for(Awaiter& awaiter, Ref<PromiseState<T>> promise) {
  using Result = decltype(awaiter.await_resume());
  try {
    if constexpr (std::is_void_v<Result>) {
      co_await awaiter;
      promise->resolve();
    } else if constexpr (std::is_reference_v<Result>) {
      auto&& result = co_await awaiter;
      promise->resolve(std::addressof(result));
    } else {
      auto&& result = co_await awaiter;
      promise->resolve(std::move(result));
    }
  } catch (...) {
    promise->reject(std::current_exception());
  }
  promise = {};
}

}  // namespace contrail::inline v0::detail
