// A Loop that is destroyed with everything pending, from states that nobody plans for. Nothing may
// be called, nothing may leak, and what every callback, context and coroutine held must be let go.

#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/promise_combinators.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using Held = std::shared_ptr<int>;

/// Starts something new when it is destroyed, a few generations long.
struct Restless {
  Restless(Held value, int more) : held(std::move(value)), generations(more) {}
  Restless(Restless&&) noexcept = default;
  ~Restless() {
    if (!held || generations == 0) return;
    auto child = [next = Restless(held, generations - 1)] {};
    switch (generations % 4) {
      case 0: set_timeout(std::move(child), 1h); break;
      case 1: next_tick(std::move(child)); break;
      case 2: queue_microtask(std::move(child)); break;
      default: set_immediate(std::move(child));
    }
  }
  Held held;
  int generations;
};

Promise<> nap(Held held, int levels) {
  const Held local = held;
  if (levels > 0) {
    co_await nap(held, levels - 1);
  } else {
    co_await sleep(1h);
  }
  *local = 1;  // Never.
}

Promise<> spin(Held held) {
  const Held local = held;
  for (;;) {
    co_await 0;
    co_await sleep(1ms);
  }
}

class Teardown : public LoopTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  Teardown() : random(GetParam()) {}

  int pick(int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); }
  /// One pending thing that holds `held`.
  void start_something() {
    auto fn = [held = held] {};
    switch (pick(16)) {
      case 0: set_timeout(fn, std::chrono::milliseconds(pick(3))); break;
      case 1: tickets.push_back(set_timeout(fn, 1h)); break;
      case 2: tickets.push_back(set_interval(fn, 1ms)); break;
      case 3: immediates.push_back(set_immediate(fn)); break;
      case 4: next_tick(fn); break;
      case 5: queue_microtask(fn); break;
      case 6: loop().post(fn); break;
      case 7: nap(held, pick(5)).detach(); break;
      case 8: spin(held).detach(); break;
      case 9: nap(held, 1).then(fn).finally(fn).then(fn).detach(); break;
      case 10: start_combinator(); break;
      case 11: kept.push_back(Promise<Held>::with_resolver()); break;
      case 12: start_adoption(); break;
      case 13: set_immediate([last = Restless(held, 8)] {}); break;
      case 14: storage.enter_with(held); break;
      default: start_failing();
    }
  }
  void start_combinator() {
    std::vector<Promise<>> several;
    for (int i = 0; i < 3; ++i) several.push_back(nap(held, i));
    switch (pick(4)) {
      case 0: all(several).then([held = held] {}).detach(); break;
      case 1: any(several).then([held = held] {}).detach(); break;
      case 2: race(several).then([held = held] {}).detach(); break;
      default: all_settled(several).then([held = held](auto&) {}).detach();
    }
  }
  void start_adoption() {
    auto outer = Promise<Held>::with_resolver();
    auto inner = Promise<Held>::with_resolver();
    outer.resolver.resolve(inner.promise);
    outer.promise.then([held = held](Held&) {}).detach();
    set_timeout([inner = std::move(inner.resolver), held = held]() mutable { inner.resolve(held); },
                pick(2) ? 1ms : 1h);
  }
  void start_failing() {
    auto fail = [held = held] { throw std::runtime_error("no"); };
    pick(2) ? static_cast<void>(set_immediate(fail)) : queue_microtask(fail);
  }
  void touch_tickets() {
    for (auto& ticket : tickets) {
      switch (pick(5)) {
        case 0: ticket.clear(); break;
        case 1: ticket.refresh(); break;
        case 2: ticket.unref(); break;
        default: break;
      }
    }
    for (auto& immediate : immediates) {
      if (pick(4) == 0) immediate.clear();
    }
  }
  void run_a_little() {
    try {
      switch (pick(4)) {
        case 0: loop().run_nowait(); break;
        case 1: set_timeout([this] { loop().stop(); }, 2ms), loop().run(); break;
        case 2: next_tick([this] { loop().stop(); }), loop().run(); break;
        default: break;
      }
    } catch (const std::runtime_error&) {  // Some are left for nobody to collect.
    }
  }

  std::mt19937 random;
  Held held = std::make_shared<int>(0);
  AsyncLocalStorage<Held> storage;
  std::vector<Timeout> tickets;
  std::vector<Immediate> immediates;
  std::vector<Promise<Held>::WithResolver> kept;
};

TEST_P(Teardown, lets_go_of_everything_from_any_state) {
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 40; ++i) start_something();
    touch_tickets();
    run_a_little();
  }
  kept.clear();
  destroy_loop();
  detail::replace_frame(nullptr);
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(*held, 0);
}

TEST_P(Teardown, forgives_those_who_keep_promises_and_resolvers) {
  close_ledger();
  for (int i = 0; i < 100; ++i) start_something();
  run_a_little();
  auto promise = std::make_optional(nap(held, 2));
  destroy_loop();
  promise.reset();
  for (auto& pair : kept) pair.resolver.resolve(held);
  kept.clear();
  detail::replace_frame(nullptr);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_P(Teardown, is_no_obstacle_to_another_loop_on_the_thread) {
  for (int i = 0; i < 100; ++i) start_something();
  kept.clear();
  destroy_loop();
  detail::replace_frame(nullptr);
  Loop next;
  int ran = 0;
  set_immediate([&] { ++ran; });
  next.run();
  EXPECT_EQ(ran, 1);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Teardown, ::testing::Range(0u, 20u));

}  // namespace
}  // namespace contrail
