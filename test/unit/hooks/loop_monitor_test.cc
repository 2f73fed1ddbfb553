#include "contrail/hooks/loop_monitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/error.h"
#include "contrail/execution.h"
#include "contrail/hooks/context_fields.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "support/child.h"
#include "support/loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

/// Keeps the processor for longer than that.
void be_busy(std::chrono::nanoseconds length) {
  const auto end = std::chrono::steady_clock::now() + length + 1ms;
  while (std::chrono::steady_clock::now() < end) continue;
}

class LoopMonitor : public LoopTest {
 protected:
  /// What takes 2 ms is slow.
  hooks::LoopMonitorOptions options() {
    return {.threshold = 2ms,
            .on_slow = [this](const hooks::SlowCallback& callback) { slow.push_back(callback); },
            .on_stuck = [this](const hooks::StuckLoop& loop) { keep(loop); },
            .watchdog = false};
  }
  hooks::LoopMonitorOptions with_watchdog() {
    hooks::LoopMonitorOptions all = options();
    all.watchdog = true;
    return all;
  }

  /// Blocks the loop until the watchdog has noticed this callback, and returns what it said.
  hooks::StuckLoop be_stuck() {
    for (;;) {
      for (const hooks::StuckLoop& each : stuck()) {
        const AsyncId id = each.frames.empty() ? no_async_id : each.frames.front().id;
        if (id == execution_async_id()) return each;
      }
      std::this_thread::sleep_for(100us);
    }
  }
  std::vector<hooks::StuckLoop> stuck() {
    std::lock_guard lock(mutex_);
    return stuck_;
  }

  std::vector<hooks::SlowCallback> slow;
  std::atomic<int> stuck_count{0};

 private:
  void keep(const hooks::StuckLoop& loop) {
    std::lock_guard lock(mutex_);
    stuck_.push_back(loop);
    ++stuck_count;
  }

  std::mutex mutex_;
  std::vector<hooks::StuckLoop> stuck_;
};

std::vector<std::string> types_of(const std::vector<hooks::AsyncFrame>& frames) {
  std::vector<std::string> types;
  for (const hooks::AsyncFrame& frame : frames) types.emplace_back(frame.type);
  return types;
}

TEST_F(LoopMonitor, names_a_slow_callback_and_its_causes) {
  const hooks::LoopMonitor monitor(options());
  const unsigned line = __LINE__ + 1;
  set_immediate([] { set_timeout([] { be_busy(2ms); }, 1ms); });
  loop().run();
  ASSERT_THAT(slow, Contains(testing::Field(&hooks::SlowCallback::frames, SizeIs(3))));
  const hooks::SlowCallback& callback = slow.back();
  EXPECT_THAT(types_of(callback.frames), ElementsAre("Timeout", "Immediate", "root"));
  EXPECT_EQ(callback.frames[0].site.line(), line);
  EXPECT_GE(callback.took, 2ms);
  EXPECT_EQ(monitor.slow_callbacks(), slow.size());
}

TEST_F(LoopMonitor, shows_the_context_of_a_slow_callback) {
  AsyncLocalStorage<std::string> user;
  const auto shown = hooks::context_field("user", user);
  const hooks::LoopMonitor monitor(options());
  user.run("ada", [] { set_immediate([] { be_busy(2ms); }); });
  loop().run();
  EXPECT_EQ(slow.back().context, "user=\"ada\"");
  EXPECT_THAT(hooks::to_text(slow.back()),
              AllOf(HasSubstr("contrail: the loop was blocked for "),
                    HasSubstr(" by\n  Immediate "), HasSubstr("context: user=\"ada\"\n")));
}

Promise<> work_after_sleeping() {
  co_await sleep(1ms);
  be_busy(2ms);
}

TEST_F(LoopMonitor, names_slow_pieces_of_coroutines) {
  const hooks::LoopMonitor monitor(options());
  set_immediate([] { work_after_sleeping().detach(); });
  loop().run();
  EXPECT_THAT(types_of(slow.back().frames), ElementsAre("PROMISE", "PROMISE", "Immediate", "root"));
  EXPECT_EQ(slow.back().frames[1].settled_by_type, "Timeout");
}

TEST_F(LoopMonitor, says_nothing_of_quick_callbacks) {
  hooks::LoopMonitorOptions patient = options();
  patient.threshold = 1h;
  const hooks::LoopMonitor monitor(std::move(patient));
  set_immediate([] { be_busy(2ms); });
  loop().run();
  EXPECT_THAT(slow, IsEmpty());
}

TEST_F(LoopMonitor, knows_the_type_of_what_is_older_than_itself) {
  set_immediate([] { be_busy(2ms); });
  const hooks::LoopMonitor monitor(options());
  loop().run();
  ASSERT_THAT(slow, Not(IsEmpty()));
  EXPECT_EQ(slow[0].frames[0].type, "Immediate");
}

TEST_F(LoopMonitor, may_end_where_a_slow_callback_is_told) {
  std::optional<hooks::LoopMonitor> monitor;
  hooks::LoopMonitorOptions ending = with_watchdog();
  int told = 0;
  ending.on_slow = [&](const hooks::SlowCallback&) {
    ++told;
    monitor.reset();
  };
  monitor.emplace(std::move(ending));
  for (int i = 0; i < 2; ++i) set_immediate([] { be_busy(2ms); });
  loop().run();
  EXPECT_EQ(told, 1);
}

TEST_F(LoopMonitor, may_begin_inside_a_callback) {
  std::optional<hooks::LoopMonitor> monitor;
  set_immediate([&] {
    monitor.emplace(options());
    be_busy(2ms);
    next_tick([] { be_busy(2ms); });
  });
  loop().run();
  EXPECT_EQ(slow.back().frames[0].type, "TickObject");
}

TEST_F(LoopMonitor, observes_nothing_while_disabled) {
  hooks::LoopMonitor monitor(with_watchdog());
  monitor.disable();
  set_immediate([] { be_busy(2ms); });
  loop().run();
  EXPECT_EQ(monitor.lag().count(), 0u);
  EXPECT_THAT(slow, IsEmpty());
  monitor.enable();
  set_immediate([] { be_busy(2ms); });
  loop().run();
  EXPECT_THAT(slow, Not(IsEmpty()));
}

TEST_F(LoopMonitor, measures_how_long_others_had_to_wait) {
  const hooks::LoopMonitor monitor(options());
  for (int i = 0; i < 3; ++i) set_immediate([] { be_busy(1ms); });
  loop().run();
  EXPECT_GE(monitor.lag().count(), 1u);
  EXPECT_GE(monitor.lag().max(), 3'000'000u);
  EXPECT_GE(monitor.lag().percentile(100), 3'000'000u);
}

TEST_F(LoopMonitor, tells_waiting_from_working) {
  hooks::LoopMonitor monitor(options());
  set_timeout([] { be_busy(3ms); }, 10ms);
  loop().run();
  const hooks::LoopUtilization all = monitor.utilization();
  EXPECT_GE(all.active, 3ms);
  EXPECT_GT(all.idle, 0ms);
  EXPECT_GT(all.utilization(), 0);
  EXPECT_LT(all.utilization(), 1);
  EXPECT_EQ((monitor.utilization() - all).active, 0ns);
  monitor.reset();
  EXPECT_EQ(monitor.utilization().utilization(), 0);
}

TEST_F(LoopMonitor, counts_what_is_going_on) {
  const hooks::LoopMonitor monitor(options());
  std::chrono::nanoseconds active{};
  set_timeout(
      [&] {
        const hooks::LoopUtilization before = monitor.utilization();
        be_busy(2ms);
        active = (monitor.utilization() - before).active;
      },
      1ms);
  loop().run();
  EXPECT_GE(active, 2ms);
}

TEST_F(LoopMonitor, notices_a_loop_that_is_stuck_while_it_is) {
  AsyncLocalStorage<int> request;
  const auto shown = hooks::context_field("request", request);
  const hooks::LoopMonitor monitor(with_watchdog());
  hooks::StuckLoop told{};
  request.run(7, [&] { set_immediate([&] { set_timeout([&] { told = be_stuck(); }, 1ms); }); });
  loop().run();
  EXPECT_THAT(types_of(told.frames), ElementsAre("Timeout", "Immediate", "root"));
  EXPECT_EQ(told.context, "request=7");
  EXPECT_GE(told.since, 2ms);
  EXPECT_EQ(told.loop, loop().number());
  EXPECT_THAT(told.native_stack, Contains(HasSubstr("libc.so")));
  EXPECT_THAT(hooks::to_text(told), MatchesRegex("contrail: loop [0-9]+ is stuck for .* in\n"
                                                 "  Timeout (.|\n)*context: request=7\n(.|\n)+"));
}

TEST_F(LoopMonitor, notices_it_once_for_each_callback) {
  const hooks::LoopMonitor monitor(with_watchdog());
  for (int i = 0; i < 3; ++i) {
    set_immediate([&] {
      be_stuck();
      const int told = stuck_count;
      be_busy(10ms);
      EXPECT_EQ(stuck_count, told);
    });
    loop().run();
  }
  EXPECT_GE(stuck_count, 3);
  EXPECT_THAT(slow, SizeIs(testing::Ge(3u)));
}

TEST_F(LoopMonitor, notices_it_after_a_long_rest) {
  const hooks::LoopMonitor monitor(with_watchdog());
  for (int i = 0; i < 3; ++i) {
    set_timeout([&] { be_stuck(); }, 30ms);  // The watchdog sleeps by then.
    loop().run();
  }
  EXPECT_GE(stuck_count, 3);
}

TEST_F(LoopMonitor, notices_what_runs_as_nobody) {
  const hooks::LoopMonitor monitor(with_watchdog());
  loop().post([&] { be_stuck(); });
  set_immediate([] {});
  loop().run();
  EXPECT_GE(stuck_count, 1);
}

TEST_F(LoopMonitor, does_not_mind_a_loop_that_does_not_run) {
  hooks::LoopMonitorOptions patient = with_watchdog();
  patient.threshold = 50ms;
  const hooks::LoopMonitor monitor(std::move(patient));
  be_busy(110ms);
  set_immediate([] {});
  loop().run();
  AsyncResource("Outside").run_in_async_scope([] { be_busy(110ms); });
  be_busy(110ms);
  EXPECT_EQ(stuck_count, 0);
}

TEST_F(LoopMonitor, notices_it_where_the_thread_does_not_answer) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  const hooks::LoopMonitor monitor(with_watchdog());
  set_immediate([&] {
    while (stuck_count == 0) std::this_thread::sleep_for(100us);
  });
  loop().run();
  EXPECT_THAT(stuck().back().native_stack, IsEmpty());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_F(LoopMonitor, notices_a_callback_that_returns_as_it_is_interrupted) {
  std::optional<hooks::LoopMonitor> monitor(with_watchdog());
  const Immediate immediate = set_immediate([] { ::poll(nullptr, 0, 10'000); });
  loop().run();
  monitor.reset();  // Has told by now.
  ASSERT_THAT(stuck(), Not(IsEmpty()));
  EXPECT_EQ(stuck().back().frames.front().id, immediate.async_id());
  EXPECT_THAT(stuck().back().native_stack, Contains(HasSubstr("poll")));
}

TEST_F(LoopMonitor, notices_a_callback_that_has_returned_before_it_could_answer) {
  hooks::LoopMonitorOptions options = with_watchdog();
  options.signal = SIGRTMIN + 5;
  std::optional<hooks::LoopMonitor> monitor(std::move(options));
  sigset_t all, before;
  ::sigfillset(&all);
  set_immediate([&] {
    ::pthread_sigmask(SIG_BLOCK, &all, &before);
    sigset_t pending;
    do ::sigpending(&pending);
    while (!::sigismember(&pending, SIGRTMIN + 5));
  });
  loop().run();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  monitor.reset();
  ASSERT_THAT(stuck(), Not(IsEmpty()));
  EXPECT_GE(stuck().back().since, 2ms);
  EXPECT_THAT(stuck().back().frames, IsEmpty());
}

TEST_F(LoopMonitor, interrupts_nothing_where_no_native_stack_is_wanted) {
  hooks::LoopMonitorOptions options = with_watchdog();
  options.native_stack = false;
  options.signal = SIGKILL;
  const hooks::LoopMonitor monitor(std::move(options));
  set_immediate([&] {
    while (stuck_count == 0) EXPECT_EQ(::poll(nullptr, 0, 3), 0);
  });
  loop().run();
  EXPECT_GE(stuck().back().since, 2ms);
  EXPECT_THAT(stuck().back().frames, IsEmpty());
  EXPECT_THAT(stuck().back().native_stack, IsEmpty());
  EXPECT_THAT(slow, Not(IsEmpty()));
}

TEST_F(LoopMonitor, begins_and_ends_as_often_as_it_likes) {
  for (int i = 0; i < 100; ++i) {
    const hooks::LoopMonitor monitor(with_watchdog());
    set_immediate([] {});
    loop().run_nowait();
  }
}

TEST_F(LoopMonitor, ends_in_the_child_of_a_fork_too) {
  std::optional<hooks::LoopMonitor> monitor(with_watchdog());
  Child child([&] { monitor.reset(); });
  EXPECT_EQ(child.wait(), 0);
}

TEST_F(LoopMonitor, watches_the_loops_of_several_threads) {
  std::atomic<int> told{0};
  const auto watched = [&] {
    Loop loop;
    const hooks::LoopMonitor monitor({.threshold = 2ms,
                                      .on_slow = [](const hooks::SlowCallback&) {},
                                      .on_stuck = [&](const hooks::StuckLoop&) { ++told; }});
    set_timeout(
        [&] {
          while (told < 2) std::this_thread::sleep_for(100us);
        },
        1ms);
    loop.run();
  };
  std::thread one(watched), two(watched);
  one.join();
  two.join();
  EXPECT_GE(told, 2);
}

TEST_F(LoopMonitor, shares_the_loop_and_its_signal_with_another_one) {
  std::array<std::atomic<bool>, 2> has_told_stack{};
  const auto watching = [&](std::size_t number) {
    hooks::LoopMonitorOptions options = with_watchdog();
    options.on_stuck = [&has_told_stack, number](const hooks::StuckLoop& stuck) {
      if (!stuck.native_stack.empty()) has_told_stack[number] = true;
    };
    return hooks::LoopMonitor(std::move(options));
  };
  const hooks::LoopMonitor one = watching(0), other = watching(1);
  // One callback after the other, as a monitor tells of each once, and may not get an answer.
  for (int i = 0; i < 1000 && !(has_told_stack[0] && has_told_stack[1]); ++i) {
    set_immediate([] { be_busy(4ms); });
    loop().run();
  }
  EXPECT_TRUE(has_told_stack[0]);
  EXPECT_TRUE(has_told_stack[1]);
}

TEST_F(LoopMonitor, refuses_signals_that_cannot_be_caught) {
  hooks::LoopMonitorOptions wrong = with_watchdog();
  wrong.signal = SIGKILL;
  EXPECT_THROW(hooks::LoopMonitor{std::move(wrong)}, Error);
}

TEST(LoopMonitorByDefault, writes_to_stderr) {
  Child child([] {
    Loop loop;
    const hooks::LoopMonitor monitor({.threshold = 5ms});
    set_immediate([] { std::this_thread::sleep_for(100ms); });
    loop.run();
  });
  EXPECT_THAT(child.output(), HasSubstr("contrail: the loop was blocked for "));
}

}  // namespace
}  // namespace contrail
