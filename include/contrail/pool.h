#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <list>
#include <memory>
#include <utility>
#include <variant>

#include "contrail/detail/pool_state.h"
#include "contrail/promise.h"

namespace contrail::inline v0 {

template <class T>
struct PoolOptions {
  /// Makes an item. Called in no context, as an item belongs to none; what it fails with is what
  /// acquire() fails with. It goes on when whoever needed it has given up, since the next one may
  /// need it: bound it by with_timeout().
  Function<Promise<T>()> make;
  /// Whether an item that was idle still works, now or as a promise. Called in no context. One that
  /// does not, or whose check fails, is destroyed, and the next one is tried.
  Function<std::variant<bool, Promise<bool>>(T&)> check = {};
  std::size_t max_size = 10;  ///< Of all: idle, leased, being made or checked.
  std::size_t min_idle = 0;   ///< So many are made ahead, and never too old.
  /// How long an item may be idle, beyond min_idle, before it is destroyed; 0: for ever.
  std::chrono::milliseconds idle_timeout = {};
  /// How many may wait for an item to be returned, beyond which acquire() fails with EAGAIN.
  std::size_t max_waiting = std::numeric_limits<std::size_t>::max();
};

/// An item of a Pool, which gets it back at the end of the scope. It may outlive its Pool, and then
/// destroys the item. The item does not move.
template <class T>
class Lease {
 public:
  Lease(Lease&& other) noexcept = default;
  Lease& operator=(Lease&& other) noexcept {
    Lease replaced(std::move(other));
    std::swap(state_, replaced.state_);
    std::swap(held_, replaced.held_);
    return *this;
  }
  ~Lease() { give_back(); }

  T& operator*() const noexcept { return item(); }
  T* operator->() const noexcept { return &item(); }
  /// False if it was moved from, given back or discarded.
  explicit operator bool() const noexcept { return !held_.empty(); }

  /// Ahead of the end of the scope.
  void give_back() noexcept {
    if (*this) state_->give_back(std::move(held_));
  }
  /// Destroys the item: it is broken. There is room for another one then.
  void discard() noexcept {
    if (*this) state_->discard(std::move(held_));
  }

 private:
  friend struct detail::PoolState<T>;
  using State = detail::PoolState<T>;

  Lease(detail::Ref<State> state, typename State::Held held) noexcept
      : state_(std::move(state)), held_(std::move(held)) {}
  T& item() const noexcept {
    if (!*this) [[unlikely]]
      detail::die_moved_from("Lease");
    return held_.front().value;
  }

  detail::Ref<State> state_;
  mutable typename State::Held held_;  ///< One, or none.
};

/// Things that are dear to make and are used by one at a time, such as connections.
///
///     Pool<TcpSocket> pool({.make = [address] { return TcpSocket::connect(address); },
///                           .max_size = 4,
///                           .idle_timeout = 30s});
///     Lease<TcpSocket> socket = co_await pool.acquire();
///     co_await socket->write("hello\n");
///
/// Those who wait get an item in the order in which they came; of those that are idle, the one that
/// was used last. A Pool that goes fails those who wait with ECANCELED, and destroys what is idle;
/// what is leased then goes with its Lease, and what is being made, when it is.
///
/// Items are made and checked, and grow old, in no context: no request's context stays behind in
/// one. Whoever awaits acquire() goes on in his own, as ever. A Pool is no resource; hooks see what
/// it makes, which is triggered by the code that needed it, and a Timeout that does not keep the
/// loop running. A Pool and its leases stay on its Loop's thread.
template <class T>
class Pool {
 public:
  /// Throws std::invalid_argument if make is empty, max_size is 0, or min_idle is above it.
  explicit Pool(PoolOptions<T> options) : state_(new State(std::move(options))) { state_->begin(); }

  /// An item that is idle and well, or a new one, or the next one that is given back. Fails with
  /// what make() fails with, and with ECANCELED if the Pool goes, or is drained already.
  Promise<Lease<T>> acquire(std::stop_token stop = {},
                            CreationSite site = CreationSite::current()) {
    return kept()->acquire({std::move(stop), site, "acquire"});
  }

  /// Lends no more, but to those who wait already; waits until all is given back, and destroys it.
  /// Fails with ECANCELED if the Pool goes first. Idempotent.
  Promise<> drain(std::stop_token stop = {}, CreationSite site = CreationSite::current()) {
    return kept()->drain({std::move(stop), site, "drain"});
  }

  std::size_t idle() const { return state().idle.size(); }
  std::size_t leased() const { return state().leased; }
  /// Those whose acquire() is not settled.
  std::size_t waiting() const { return state().waiting.size(); }
  /// All items: idle, leased, being made or checked.
  std::size_t size() const { return state().size(); }

 private:
  using State = detail::PoolState<T>;
  struct Close {
    void operator()(State* state) const noexcept {
      state->close();
      release(state);
    }
  };

  State& state() const {
    if (!state_) [[unlikely]]
      detail::die_moved_from("Pool");
    return *state_;
  }
  detail::Ref<State> kept() const { return detail::Ref<State>::share(&state()); }

  std::unique_ptr<State, Close> state_;
};

}  // namespace contrail::inline v0
