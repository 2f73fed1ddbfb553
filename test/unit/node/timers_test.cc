// What Node's own tests say of the lives of timers and immediates.

#include <stdexcept>

#include "contrail/microtask.h"
#include "contrail/testing/fake_clock.h"
#include "contrail/timers.h"
#include "lives.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class TimerLives : public LoopTest {
 protected:
  testing::FakeClock& clock() { return *clock_; }
  void TearDown() override {
    clock_.reset();
    LoopTest::TearDown();
  }

 private:
  std::optional<testing::FakeClock> clock_{std::in_place};
};

TEST_F(TimerLives, of_an_immediate_and_the_one_it_makes) {
  Lives lives({"Immediate"});
  auto nested = [&] {
    EXPECT_EQ(lives.of("Immediate", 1), "1/1/1/1");
    EXPECT_EQ(lives.of("Immediate", 2), "1/1/0/0");
  };
  set_immediate([&] {
    EXPECT_EQ(lives.of("Immediate", 1), "1/1/0/0");
    set_immediate(nested);
    EXPECT_EQ(lives.of("Immediate", 2), "1/0/0/0");
  });
  EXPECT_EQ(lives.of("Immediate"), "1/0/0/0");
  loop().run();
  EXPECT_EQ(lives.of("Immediate", 1), "1/1/1/1");
  EXPECT_EQ(lives.of("Immediate", 2), "1/1/1/1");
}

TEST_F(TimerLives, of_an_immediate_that_is_cleared_at_once) {
  Trace trace;
  Immediate immediate = set_immediate([] {});
  immediate.clear();
  loop().run();
  EXPECT_EQ(trace.text(), "+Imm1(t=root) xImm1");
}

TEST_F(TimerLives, of_an_interval_that_throws_and_goes_on) {
  Lives lives({"Timeout"});
  int failures = 0;
  loop().on_uncaught_exception([&](std::exception_ptr) { ++failures; });
  Timeout interval;
  auto fire = [&, first = true]() mutable {
    EXPECT_EQ(lives.of("Timeout"), first ? "1/1/0/0" : "1/2/1/0");
    if (std::exchange(first, false)) throw std::runtime_error("no");
    interval.clear();
  };
  interval = set_interval(std::move(fire), 1ms);
  clock().run_until_idle();
  EXPECT_EQ(failures, 1);
  EXPECT_EQ(lives.of("Timeout"), "1/2/2/1");
}

TEST_F(TimerLives, of_a_timer_that_makes_one_of_its_delay_and_one_that_is_cleared) {
  Lives lives({"Timeout"});
  Timeout longest;
  auto second = [&] {
    EXPECT_EQ(lives.of("Timeout", 1).substr(0, 5), "1/1/1");
    EXPECT_EQ(lives.of("Timeout", 2), "1/1/0/0");
    longest.clear();
  };
  set_timeout(
      [&] {
        EXPECT_EQ(lives.of("Timeout", 1), "1/1/0/0");
        set_timeout(second, 1ms).unref();
        longest = set_timeout([] {}, std::chrono::milliseconds(0x7fffffff));
        EXPECT_EQ(lives.count("Timeout"), 3u);
      },
      1ms);
  clock().run_until_idle();
  EXPECT_EQ(lives.of("Timeout", 1), "1/1/1/1");
  EXPECT_EQ(lives.of("Timeout", 2), "1/1/1/1");
}

TEST_F(TimerLives, follow_from_each_other_in_a_chain) {
  Lives lives({"Timeout"});
  set_timeout([] { set_timeout([] { set_timeout([] {}, 1ms); }, 1ms); }, 1ms);
  clock().run_until_idle();
  EXPECT_THAT(lives.graph(),
              ElementsAre("Timeout:1 by root", "Timeout:2 by Timeout:1", "Timeout:3 by Timeout:2"));
}

TEST_F(TimerLives, are_one_for_all_firings_of_an_interval) {
  Lives lives({"Timeout"});
  Timeout outer, inner;
  outer = set_interval(
      [&, firings = 0]() mutable {
        if (++firings < 3) return;
        outer.clear();
        inner = set_interval([&] { inner.clear(); }, 1ms);
      },
      1ms);
  clock().run_until_idle();
  EXPECT_THAT(lives.graph(), ElementsAre("Timeout:1 by root", "Timeout:2 by Timeout:1"));
}

// --- Seen by a hook that comes late.

/// Counts what a hook without init hears from enable() on.
struct LateHook {
  int befores = 0;
  int afters = 0;
  int destroys = 0;
  AsyncHook hook{{.before = [this](AsyncId) { ++befores; },
                  .after = [this](AsyncId) { ++afters; },
                  .destroy = [this](AsyncId) { ++destroys; }}};
};

class LateHooks : public TimerLives {
 protected:
  LateHooks() { close_ledger(); }
  void expect_only_the_end() {
    clock().run_until_idle();
    EXPECT_EQ(late.befores, 0);
    EXPECT_EQ(late.afters, 1);
    EXPECT_EQ(late.destroys, 1);
  }
  LateHook late;
};

TEST_F(LateHooks, enabled_in_a_timer_hear_its_end) {
  set_timeout([&] { late.hook.enable(); });
  expect_only_the_end();
}

TEST_F(LateHooks, enabled_in_an_immediate_hear_its_end) {
  set_immediate([&] { late.hook.enable(); });
  expect_only_the_end();
}

TEST_F(LateHooks, enabled_in_a_tick_of_an_immediate_hear_the_end_of_the_tick) {
  set_immediate([&] { next_tick([&] { late.hook.enable(); }); });
  expect_only_the_end();
}

}  // namespace
}  // namespace contrail
