#include "contrail/testing/fake_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/testing/hook_recorder.h"
#include "contrail/timers.h"

namespace contrail::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FakeClockTest : public ::testing::Test {
 protected:
  /// A callback that notes its name and the time it sees.
  auto note(std::string name) {
    return [this, name = std::move(name)] {
      notes.push_back(name + "@" + std::to_string(loop.now().count()));
    };
  }
  template <class F>
  std::string message_of(F&& fn) {
    try {
      fn();
    } catch (const std::exception& error) {
      return error.what();
    }
    return "nothing was thrown";
  }

  Loop loop;
  std::optional<FakeClock> clock{std::in_place};
  std::vector<std::string> notes;
};

TEST_F(FakeClockTest, starts_at_zero_and_stands_still) {
  EXPECT_EQ(clock->now(), 0ms);
  loop.run_nowait();
  EXPECT_EQ(clock->now(), 0ms);
}

TEST_F(FakeClockTest, fires_a_timer_when_its_time_has_come) {
  set_timeout(note("a"), 1h);
  clock->advance(1h - 1ms);
  EXPECT_THAT(notes, IsEmpty());
  clock->advance(1ms);
  EXPECT_THAT(notes, ElementsAre("a@3600000"));
}

TEST_F(FakeClockTest, fires_timers_in_order_each_at_its_own_time) {
  set_timeout(note("late"), 300ms);
  set_timeout(note("early"), 100ms);
  set_timeout(note("middle"), 200ms);
  clock->advance(1s);
  EXPECT_THAT(notes, ElementsAre("early@100", "middle@200", "late@300"));
  EXPECT_EQ(clock->now(), 1s);
}

TEST_F(FakeClockTest, fires_timers_that_other_timers_start) {
  set_timeout([&] { set_timeout(note("inner"), 10ms); }, 10ms);
  set_timeout(note("outer"), 30ms);
  clock->advance(100ms);
  EXPECT_THAT(notes, ElementsAre("inner@20", "outer@30"));
}

TEST_F(FakeClockTest, drains_ticks_and_microtasks_between_timers) {
  for (int i = 0; i < 2; ++i) {
    set_timeout(
        [&] {
          queue_microtask(note("microtask"));
          next_tick(note("tick"));
        },
        5ms);
  }
  clock->advance(5ms);
  EXPECT_THAT(notes, ElementsAre("tick@5", "microtask@5", "tick@5", "microtask@5"));
}

TEST_F(FakeClockTest, runs_an_unrefd_immediate_when_the_wait_for_a_timer_is_over) {
  set_timeout(note("timer"), 20ms);
  set_immediate(note("immediate")).unref();
  clock->run_until_idle();
  EXPECT_THAT(notes, ElementsAre("immediate@20", "timer@20"));
}

TEST_F(FakeClockTest, wakes_up_for_a_timer_that_was_cleared_as_the_loop_does) {
  set_timeout(note("timer"), 20ms);
  Timeout cleared = set_timeout(note("cleared"), 10ms);
  set_immediate(note("immediate")).unref();
  cleared.clear();
  clock->run_until_idle();
  EXPECT_THAT(notes, ElementsAre("immediate@10", "timer@20"));
}

TEST_F(FakeClockTest, leaves_an_unrefd_immediate_alone_when_there_is_no_timer) {
  set_immediate(note("immediate")).unref();
  clock->run_until_idle();
  EXPECT_THAT(notes, IsEmpty());
}

TEST_F(FakeClockTest, runs_immediates_before_time_goes_on) {
  set_timeout([&] { set_immediate(note("immediate")); }, 1ms);
  set_timeout(note("later"), 2ms);
  clock->advance(2ms);
  EXPECT_THAT(notes, ElementsAre("immediate@1", "later@2"));
}

TEST_F(FakeClockTest, delivers_destroys) {
  HookRecorder recorder({"Timeout"});
  set_timeout([] {}, 5ms);
  clock->advance(5ms);
  EXPECT_THAT(recorder.alive(), IsEmpty());
}

TEST_F(FakeClockTest, runs_what_was_queued_before_the_first_timer) {
  set_timeout(note("timer"), 1ms);
  next_tick(note("tick"));
  clock->advance(1ms);
  EXPECT_THAT(notes, ElementsAre("tick@0", "timer@1"));
}

TEST_F(FakeClockTest, repeats_an_interval) {
  set_interval(note("i"), 10ms);
  clock->advance(35ms);
  EXPECT_THAT(notes, ElementsAre("i@10", "i@20", "i@30"));
}

TEST_F(FakeClockTest, leaves_out_what_was_cleared_on_the_way) {
  Timeout victim = set_timeout(note("victim"), 20ms);
  set_timeout([&] { victim.clear(); }, 10ms);
  clock->advance(30ms);
  EXPECT_THAT(notes, IsEmpty());
}

TEST_F(FakeClockTest, counts_a_refreshed_timer_from_the_refresh) {
  Timeout timer = set_timeout(note("timer"), 20ms);
  clock->advance(15ms);
  timer.refresh();
  clock->advance(30ms);
  EXPECT_THAT(notes, ElementsAre("timer@35"));
}

TEST_F(FakeClockTest, wakes_a_coroutine_that_sleeps) {
  const auto nap = [](auto note) -> Promise<void> {
    co_await sleep(50ms);
    note();
    co_await sleep(50ms);
    note();
  };
  nap(note("awake")).detach();
  clock->advance(100ms);
  EXPECT_THAT(notes, ElementsAre("awake@50", "awake@100"));
}

TEST_F(FakeClockTest, stops_where_a_callback_throws_and_goes_on_from_there) {
  set_timeout([] { throw std::runtime_error("no"); }, 10ms);
  set_timeout(note("next"), 20ms);
  EXPECT_THROW(clock->advance(100ms), std::runtime_error);
  EXPECT_EQ(clock->now(), 10ms);
  clock->advance(100ms);
  EXPECT_THAT(notes, ElementsAre("next@20"));
}

TEST_F(FakeClockTest, does_not_go_backwards) {
  EXPECT_THROW(clock->advance(-1ms), std::invalid_argument);
}

TEST_F(FakeClockTest, does_not_go_further_than_it_can_count) {
  clock->advance(1ms);
  EXPECT_THROW(clock->advance(milliseconds::max()), std::invalid_argument);
  EXPECT_EQ(clock->now(), 1ms);
}

TEST(FakeClockDeathTest, says_that_its_loop_is_gone) {
  std::optional<Loop> loop(std::in_place);
  auto* clock = new FakeClock;
  auto use = [&](auto fn) {
    loop.reset();
    fn();
  };
  const auto* sentence = "contrail: a FakeClock was used after its Loop";
  EXPECT_DEATH(use([&] { clock->now(); }), sentence);
  EXPECT_DEATH(use([&] { clock->advance(1ms); }), sentence);
  EXPECT_DEATH(use([&] { clock->run_until_idle(); }), sentence);
  EXPECT_DEATH(use([&] { delete clock; }), sentence);
  delete clock;
}

TEST_F(FakeClockTest, is_the_only_one_of_its_loop) {
  const std::string message = message_of([] { FakeClock second; });
  EXPECT_EQ(message, "FakeClock: this Loop has one already, and can have only one at a time");
  set_timeout(note("timer"), 1h);
  clock->advance(1h);
  EXPECT_THAT(notes, ElementsAre("timer@3600000"));
}

TEST_F(FakeClockTest, is_moved_from_outside_callbacks_only) {
  std::string message;
  set_immediate([&] { message = message_of([&] { clock->advance(1ms); }); });
  loop.run();
  EXPECT_THAT(message, HasSubstr("outside"));
}

TEST_F(FakeClockTest, keeps_the_time_that_pending_timers_have_left) {
  clock.reset();
  set_timeout(note("timer"), 1h);
  clock.emplace();
  clock->advance(1h);
  EXPECT_EQ(notes.size(), 1U);
}

TEST_F(FakeClockTest, gives_the_loop_its_own_clock_back) {
  set_timeout(note("timer"), 1h);
  clock->advance(1h - 1ms);
  clock.reset();
  loop.run();
  EXPECT_EQ(notes.size(), 1U);
}

TEST_F(FakeClockTest, does_not_let_run_wait_for_timers) {
  set_timeout(note("timer"), 1h);
  loop.run();
  EXPECT_THAT(notes, IsEmpty());
}

TEST_F(FakeClockTest, runs_until_nothing_is_left) {
  set_timeout([&] { set_timeout(note("second"), 2h); }, 1h);
  clock->run_until_idle();
  EXPECT_THAT(notes, ElementsAre("second@10800000"));
  EXPECT_EQ(clock->now(), 3h);
}

TEST_F(FakeClockTest, is_idle_when_only_unrefd_timers_are_left) {
  set_timeout(note("unref'd, early"), 10ms).unref();
  set_timeout(note("timer"), 20ms);
  set_timeout(note("unref'd, late"), 30ms).unref();
  clock->run_until_idle();
  EXPECT_THAT(notes, ElementsAre("unref'd, early@10", "timer@20"));
}

TEST_F(FakeClockTest, ends_with_an_interval_that_clears_itself) {
  Timeout interval;
  interval = set_interval(
      [&, count = 0]() mutable {
        if (++count == 100) interval.clear();
      },
      1min);
  clock->run_until_idle();
  EXPECT_EQ(clock->now(), 100min);
}

TEST_F(FakeClockTest, gives_up_on_an_interval_that_nobody_clears) {
  set_interval([] {}, 1ms);
  EXPECT_THAT(message_of([&] { clock->run_until_idle(); }),
              HasSubstr("still not idle after 10000 steps, at 10000 ms"));
}

TEST_F(FakeClockTest, waits_for_work_elsewhere_before_it_moves_on) {
  set_timeout(note("timer"), 1h);
  std::thread worker([this, busy = loop.keep_alive()]() mutable {
    loop.post([&, busy = std::move(busy)] { note("posted")(); });
  });
  clock->run_until_idle();
  worker.join();
  EXPECT_THAT(notes, ElementsAre("posted@0", "timer@3600000"));
}

TEST_F(FakeClockTest, gives_up_on_io_that_does_not_come) {
  clock.reset();
  clock.emplace(FakeClockOptions{.patience = 20ms});
  set_timeout(note("timer"), 1h);
  const auto busy = loop.keep_alive();
  EXPECT_THAT(message_of([&] { clock->run_until_idle(); }),
              HasSubstr("nothing came of the loop's I/O for 20 ms, and timers are waiting"));
}

TEST_F(FakeClockTest, cannot_be_destroyed_in_a_callback_that_it_calls) {
  Timeout timer = set_timeout([this] { clock.reset(); }, 1ms);
  EXPECT_DEATH(clock->advance(1ms), "a FakeClock was destroyed inside a callback");
  timer.clear();
}

TEST_F(FakeClockTest, lets_an_exception_out_of_run_until_idle) {
  set_timeout([] { throw std::runtime_error("no"); }, 10ms);
  set_timeout(note("next"), 20ms);
  EXPECT_EQ(message_of([&] { clock->run_until_idle(); }), "no");
  clock->run_until_idle();
  EXPECT_THAT(notes, ElementsAre("next@20"));
}

}  // namespace
}  // namespace contrail::testing
