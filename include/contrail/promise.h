#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include "contrail/detail/promise_state.h"
#include "contrail/result.h"
#include "contrail/thenable.h"

namespace contrail::inline v0 {

template <class T>
class Resolver;
template <class T>
class Promise;

namespace detail {
template <class T>
class CoroutineState;
struct PromiseAccess;
template <class T>
const Ref<PromiseState<T>>& state_of(const Promise<T>& promise);
}  // namespace detail

/// A reference to a result that will exist: JavaScript's promise, with its semantics and order.
/// Copies refer to the same result.
///
/// A function that returns a Promise may be a coroutine. As in JavaScript it starts at once, runs
/// up to its first co_await, and continues in microtasks; nothing is lost if the Promise it
/// returned is dropped:
///
///     Promise<std::string> greet(TcpSocket socket) {
///       co_await socket.write("who are you?\n");
///       std::array<std::byte, 64> name;
///       const std::size_t size = co_await socket.read(name);
///       co_return std::string(as_text(std::span(name).first(size)));
///     }
///
/// A coroutine keeps its parameters only if they are passed by value. `co_await promise` yields a
/// reference to the value, which stays in the promise; `co_await make_promise()` yields the value
/// itself, moved out if nobody else can see it and copied otherwise. Both throw what the promise
/// was rejected with. `co_await` of a Thenable yields its result.
///
/// So does `co_await` of another library's awaitable, which has an operator co_await or the three
/// functions of an awaiter. It is started at once and may be resumed by anybody on this thread; the
/// coroutine goes on in a microtask. On another thread, resuming it ends the process with a
/// sentence: Loop::post() gets here. It dies with the coroutine, and must not be resumed then.
/// `co_await` of anything else yields the thing itself, after a microtask. GCC 12
/// misaligns parameters and local variables of coroutines that ask for more than the usual
/// alignment, whichever library they belong to.
///
/// Every Promise is a resource of type PROMISE while a hook tracks promises: hooks see who made
/// it, and each continuation runs in its scope, with the context its author had. A rejected
/// promise that nobody watches by the time the queues are drained is an uncaught exception. Its
/// `destroy` follows its last reference.
template <class T = void>
class [[nodiscard]] Promise {
  static_assert(!std::is_reference_v<T>, "Promise: promise a pointer in place of a reference");

 public:
  using promise_type = detail::CoroutineState<T>;
  using value_type = T;
  using Stored = typename detail::PromiseState<T>::Stored;

  struct WithResolver;
  /// A pending promise and the means to settle it.
  static WithResolver with_resolver(CreationSite site = CreationSite::current());

  /// JavaScript's constructor: calls executor(Resolver<T>) at once; what it throws rejects.
  template <std::invocable<Resolver<T>> Executor>
  explicit Promise(Executor executor, CreationSite site = CreationSite::current());

  static Promise resolve(Stored value = {}, CreationSite site = CreationSite::current());
  /// As in JavaScript, the promise itself.
  static Promise resolve(Promise promise) { return promise; }
  /// A new promise, which takes the outcome of the foreign object.
  template <ThenableOf<T> F>
  static Promise resolve(F thenable, CreationSite site = CreationSite::current());
  static Promise reject(std::exception_ptr error, CreationSite site = CreationSite::current());
  template <std::derived_from<std::exception> E>
  static Promise reject(E error, CreationSite site = CreationSite::current()) {
    return reject(std::make_exception_ptr(std::move(error)), site);
  }

  /// Calls fn with the value when there is one: fn(T&), or fn(T) with the value moved out if it
  /// cannot be copied, or fn(). The new promise settles with fn's result, or with the result of the
  /// promise or Thenable fn returned. A fn that returns a promise only sometimes returns a
  /// std::variant<U, Promise<U>>, to which thenables may be added.
  template <class F>
  auto then(F fn, CreationSite site = CreationSite::current()) const;
  /// The same, and on_rejected(std::exception_ptr), or on_rejected(), when it fails; both must
  /// return the same.
  template <class F, class R>
  auto then(F fn, R on_rejected, CreationSite site = CreationSite::current()) const;
  /// Calls fn(std::exception_ptr), or fn(), when it fails; its result takes the value's place.
  template <class F>
  Promise catch_error(F fn, CreationSite site = CreationSite::current()) const;
  /// Calls fn() either way and passes the outcome on, once fn's own promise, if it returns one,
  /// is fulfilled.
  template <std::invocable F>
  Promise finally(F fn, CreationSite site = CreationSite::current()) const;

  /// Lets the work go on unwatched. Should it fail, the loop's uncaught exception handler hears.
  void detach() && noexcept { state_ = {}; }

  /// no_async_id unless a hook tracks promises.
  AsyncId async_id() const noexcept { return state().async_id(); }
  bool pending() const noexcept { return state().pending(); }

 private:
  friend struct detail::PromiseAccess;
  explicit Promise(detail::Ref<detail::PromiseState<T>> state) noexcept
      : state_(std::move(state)) {}

  detail::PromiseState<T>& state() const {
    if (!state_) [[unlikely]]
      detail::die_moved_from("Promise");
    return *state_;
  }

  detail::Ref<detail::PromiseState<T>> state_;
};

/// The other end of a Promise. The first call decides its outcome; later calls do nothing. A
/// Resolver that dies unused rejects the promise with std::future_errc::broken_promise.
template <class T = void>
class Resolver {
 public:
  using Stored = typename detail::PromiseState<T>::Stored;

  explicit Resolver(detail::Ref<detail::PromiseState<T>> state) noexcept
      : state_(std::move(state)) {}
  Resolver(Resolver&&) noexcept = default;
  Resolver& operator=(Resolver&& other) noexcept {
    if (this != &other) {
      break_promise();
      state_ = std::move(other.state_);
    }
    return *this;
  }
  ~Resolver() { break_promise(); }

  /// If the value throws when it is moved into the promise, that is what the promise fails with.
  void resolve(Stored value = {});
  /// Takes the outcome of another promise, when it has one.
  void resolve(const Promise<T>& promise) {
    if (claim()) state_->adopt(detail::state_of(promise));
  }
  template <ThenableOf<T> F>
  void resolve(F thenable) {
    if (claim()) state_->adopt_thenable(std::move(thenable));
  }
  void reject(std::exception_ptr error) {
    if (claim()) state_->reject(std::move(error));
  }
  template <std::derived_from<std::exception> E>
  void reject(E error) {
    reject(std::make_exception_ptr(std::move(error)));
  }
  void settle(Result<T> result) {
    if (!result) {
      reject(std::make_exception_ptr(result.error()));
    } else if constexpr (std::is_void_v<T>) {
      resolve();
    } else {
      resolve(std::move(result).value());
    }
  }

 private:
  bool claim() noexcept { return state_ && state_->claim(); }
  void break_promise() noexcept {
    if (state_ && state_->claim_broken()) state_->reject(detail::broken_promise());
  }

  detail::Ref<detail::PromiseState<T>> state_;
};

template <class T>
struct Promise<T>::WithResolver {
  Promise promise;
  Resolver<T> resolver;
};

}  // namespace contrail::inline v0

#include "contrail/detail/promise_impl.h"
