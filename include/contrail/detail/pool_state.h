#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <list>
#include <new>
#include <stdexcept>
#include <utility>
#include <variant>

#include "contrail/detail/wait_queue.h"
#include "contrail/error.h"
#include "contrail/loop.h"
#include "contrail/promise.h"
#include "contrail/timers.h"

namespace contrail::inline v0 {

template <class T>
struct PoolOptions;
template <class T>
class Lease;

namespace detail {

CONTRAIL_API Error acquire_cancelled();
CONTRAIL_API Error too_many_waiting();
CONTRAIL_API Error drain_cancelled();

/// The pinned half of a Pool, shared with its leases and with what it waits for.
template <class T>
struct PoolState {
  struct Item {
    explicit Item(T&& made) : value(std::move(made)) {}
    T value;
    std::chrono::milliseconds idle_since{};
  };
  /// A list of one travels without being copied or allocated.
  using Held = std::list<Item>;

  explicit PoolState(PoolOptions<T> given) : options(std::move(given)) {
    options.idle_timeout = std::min(options.idle_timeout, longest_delay);
    if (!options.make) throw std::invalid_argument("Pool: the function to make items is empty");
    if (options.max_size == 0) throw std::invalid_argument("Pool: max_size is 0");
    if (options.min_idle > options.max_size) {
      throw std::invalid_argument("Pool: min_idle is above max_size");
    }
  }

  std::size_t size() const noexcept { return idle.size() + leased + making + checking; }

  void begin() {
    const Ref<PoolState> kept = share();
    pump();
  }

  Promise<Lease<T>> acquire(const Waiting& call) {
    if (phase != Phase::open) return Promise<Lease<T>>::reject(acquire_cancelled(), call.site);
    auto promise = waiting.wait(call);
    make_failed_for_nobody = false;
    pump();
    if (phase == Phase::open && unserved() > options.max_waiting) {
      waiting.take_last().reject(too_many_waiting());
    }
    return promise;
  }

  void give_back(Held item) noexcept {
    --leased;
    if (is_over()) return;
    make_failed_for_nobody = false;
    put_idle(item);
    pump();
  }

  void discard(Held /*broken*/) noexcept {
    --leased;
    if (is_over()) return;
    make_failed_for_nobody = false;
    pump();
  }

  Promise<> drain(const Waiting& call) {
    if (phase == Phase::closed) return Promise<>::resolve({}, call.site);
    phase = Phase::draining;
    auto promise = draining.wait(call);
    pump();
    return promise;
  }

  /// The Pool is gone.
  void close() noexcept {
    phase = Phase::closed;
    sweeper.clear();
    const Held unused = std::move(idle);
    idle.clear();
    waiting.fail_all(acquire_cancelled());
    draining.fail_all(drain_cancelled());
  }

  enum class Phase { open, draining, closed };

  PoolOptions<T> options;
  Held idle;  ///< The one that was used last is last.
  std::size_t leased = 0;
  std::size_t making = 0;
  std::size_t checking = 0;
  WaitQueue<Lease<T>> waiting;
  WaitQueue<void> draining;
  Phase phase = Phase::open;
  std::uint32_t refs = 1;

 private:
  Ref<PoolState> share() noexcept { return Ref<PoolState>::share(this); }

  /// Nobody will ask for an item any more: it was the last owner's to destroy. A Loop that goes
  /// takes coroutines and their leases with it, and may be outlived by them.
  bool is_over() const noexcept {
    return phase == Phase::closed || hot.environment != environment || hot.tearing_down;
  }

  /// Those for whom nothing is under way.
  std::size_t unserved() const noexcept {
    return waiting.size() - std::min(waiting.size(), making + checking);
  }
  bool wants_another() const noexcept {
    if (size() >= options.max_size) return false;
    if (unserved() > 0) return true;
    if (phase != Phase::open || make_failed_for_nobody) return false;
    return idle.size() + making + checking - waiting.size() < options.min_idle;
  }

  /// Whatever has changed: brings those who wait and what there is together. It may be called in
  /// its own midst, as leases that nobody has waited for come back at once.
  void pump() {
    if (std::exchange(pumping, true)) return;
    for (;;) {
      if (waiting.size() > checking && !idle.empty()) {
        lend_newest();
      } else if (wants_another()) {
        try_to_make_one();
      } else {
        break;
      }
    }
    pumping = false;
    if (phase == Phase::draining && waiting.empty()) drop_idle();
    watch_age();
  }

  void lend_newest() {
    Held item;
    item.splice(item.end(), idle, std::prev(idle.end()));
    if (!options.check) return lend(std::move(item));
    ++checking;
    try {
      check(std::move(item));
    } catch (const std::bad_alloc&) {
      --checking;  // The item is gone: the next one, then.
    }
  }

  void lend(Held item) {
    ++leased;
    waiting.take_first().resolve(Lease<T>(share(), std::move(item)));
  }

  void try_to_make_one() {
    ++making;
    try {
      make_one();
    } catch (const std::bad_alloc&) {
      --making;
      refuse_next(std::current_exception());
    }
  }

  void make_one() {
    const FrameScope no_context(nullptr);
    const auto make = [this](Resolver<T> resolver) { resolver.resolve(options.make()); };
    Promise<T>(make)
        .then([kept = share()](T value) { kept->made(std::move(value)); },
              [kept = share()](std::exception_ptr error) { kept->failed(std::move(error)); })
        .detach();
  }

  void made(T value) {
    --making;
    Held item;
    item.emplace_back(std::move(value));
    offer(std::move(item));
  }

  void failed(std::exception_ptr error) {
    --making;
    refuse_next(std::move(error));
    if (!is_over()) pump();
  }

  void refuse_next(std::exception_ptr error) {
    if (waiting.empty()) {
      make_failed_for_nobody = true;
      return;
    }
    waiting.take_first().reject(std::move(error));
  }

  void check(Held item) {
    const FrameScope no_context(nullptr);
    const auto ask = [&](Resolver<bool> resolver) {
      const auto answer = [&](auto well) { resolver.resolve(std::move(well)); };
      std::visit(answer, options.check(item.front().value));
    };
    Promise<bool>(ask)
        .catch_error([] { return false; })
        .then([kept = share(), held = std::move(item)](bool well) mutable {
          --kept->checking;
          if (well) return kept->offer(std::move(held));
          held.clear();
          if (!kept->is_over()) kept->pump();
        })
        .detach();
  }

  /// A new item, or one that is well.
  void offer(Held item) {
    if (is_over()) return;
    if (waiting.empty()) {
      put_idle(item);
    } else {
      lend(std::move(item));
    }
    pump();
  }

  void put_idle(Held& item) noexcept {
    item.front().idle_since = Loop::current().now();
    idle.splice(idle.end(), item);
  }

  void watch_age() {
    if (phase == Phase::closed || options.idle_timeout <= options.idle_timeout.zero()) return;
    if (sweeping || idle.size() <= options.min_idle) return;
    sweeping = true;
    const FrameScope no_context(nullptr);
    const auto due = idle.front().idle_since + options.idle_timeout;
    sweeper = set_timeout([this] { sweep(); }, due - Loop::current().now());
    sweeper.unref();
  }

  void sweep() {
    sweeping = false;
    Held old;
    const auto newest = Loop::current().now() - options.idle_timeout;
    while (idle.size() > options.min_idle && idle.front().idle_since <= newest) {
      old.splice(old.end(), idle, idle.begin());
    }
    watch_age();
  }

  /// Nobody waits, nor ever will.
  void drop_idle() {
    const Held unused = std::move(idle);
    idle.clear();
    if (size() > 0) return;
    phase = Phase::closed;
    sweeper.clear();
    draining.settle_all({});
  }

  const Environment* const environment = hot.environment;
  Timeout sweeper;
  bool sweeping = false;
  bool pumping = false;
  bool make_failed_for_nobody = false;  ///< Not again until the pool is used.
};

template <class T>
void retain(PoolState<T>* state) noexcept {
  ++state->refs;
}
template <class T>
void release(PoolState<T>* state) noexcept {
  if (--state->refs == 0) delete state;
}

}  // namespace detail
}  // namespace contrail::inline v0
