#include "contrail/event_time.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/async_resource.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

class EventTime : public LoopTest {
 protected:
  static void spend(Clock::duration time) {
    const auto until = Clock::now() + time;
    while (Clock::now() < until) continue;
  }
};

TEST_F(EventTime, is_between_the_system_clock_before_and_after) {
  constexpr auto tolerance = 100us;  // The two are read one after the other, on a busy machine.
  const auto end = Clock::now() + 350ms;  // So that it is adjusted a few times.
  while (Clock::now() < end) {
    const auto before = Clock::now();
    const auto between = event_time();
    const auto after = Clock::now();
    ASSERT_GE(between, before - tolerance);
    ASSERT_LE(between, after + tolerance);
  }
}

TEST_F(EventTime, never_goes_backwards) {
  auto latest = event_time();
  const auto end = Clock::now() + 350ms;
  while (latest < end) {
    const auto next = event_time();
    ASSERT_GE(next, latest);
    latest = next;
  }
}

TEST_F(EventTime, is_one_moment_for_all_that_a_callback_makes) {
  std::set<Clock::time_point> times;
  AsyncHook hook({.init = [&](const ResourceInfo&) { times.insert(event_time()); },
                  .before = [&](AsyncId) { times.insert(event_time()); }});
  AsyncResource outer("Outer");
  hook.enable();
  outer.run_in_async_scope([] {
    for (int i = 0; i < 3; ++i) {
      spend(10us);
      AsyncResource{"Inner"};
    }
  });
  EXPECT_EQ(times.size(), 1u);
}

TEST_F(EventTime, is_another_one_at_the_end_of_a_callback) {
  std::vector<Clock::time_point> times;
  const auto note = [&](AsyncId) { times.push_back(event_time()); };
  AsyncHook hook({.before = note, .after = note});
  hook.enable();
  AsyncResource("Thing").run_in_async_scope([] { spend(50us); });
  EXPECT_GE(times.at(1) - times.at(0), 49us);
}

TEST_F(EventTime, is_the_same_for_every_hook) {
  std::set<Clock::time_point> times;
  const auto note = [&](AsyncId) {
    spend(10us);
    times.insert(event_time());
  };
  AsyncHook one({.before = note});
  AsyncHook two({.before = note});
  one.enable();
  two.enable();
  AsyncResource("Thing").run_in_async_scope([] {});
  EXPECT_EQ(times.size(), 1u);
}

TEST_F(EventTime, goes_on_in_a_callback_after_another_one_inside_it) {
  std::vector<Clock::time_point> made;
  AsyncHook hook({.init = [&](const ResourceInfo&) { made.push_back(event_time()); },
                  .before = [](AsyncId) { event_time(); },
                  .after = [](AsyncId) { event_time(); }});
  hook.enable();
  AsyncResource outer("Outer");
  outer.run_in_async_scope([&] {
    AsyncResource inner("Inner");
    inner.run_in_async_scope([] { spend(50us); });
    AsyncResource{"Late"};
  });
  EXPECT_GE(made.at(2) - made.at(1), 49us);
}

TEST_F(EventTime, at_the_end_of_a_callback_inside_another_one_is_when_that_goes_on) {
  Clock::time_point ended;
  Clock::time_point made;
  AsyncResource outer("Outer");
  AsyncResource inner("Inner");
  AsyncHook hook({.init = [&](const ResourceInfo&) { made = event_time(); },
                  .after =
                      [&](AsyncId id) {
                        if (id == inner.async_id()) ended = event_time();
                      }});
  hook.enable();
  outer.run_in_async_scope([&] {
    inner.run_in_async_scope([] {});
    spend(10us);
    AsyncResource{"Late"};
  });
  EXPECT_EQ(made, ended);
}

TEST_F(EventTime, goes_on_from_one_callback_to_the_next_though_nobody_listens_to_their_ends) {
  std::vector<Clock::time_point> made;
  AsyncHook hook({.init = [&](const ResourceInfo&) { made.push_back(event_time()); }});
  hook.enable();
  AsyncResource outer("Outer");
  for (int i = 0; i < 2; ++i) {
    outer.run_in_async_scope([] { AsyncResource{"Inner"}; });
    spend(50us);
  }
  EXPECT_GE(made.at(2) - made.at(1), 49us);
}

TEST_F(EventTime, goes_on_though_the_hook_that_heard_the_ends_of_callbacks_is_gone) {
  std::vector<Clock::time_point> made;
  AsyncHook hook({.init = [&](const ResourceInfo&) { made.push_back(event_time()); }});
  AsyncHook other({.before = [](AsyncId) {}, .after = [](AsyncId) {}});
  AsyncResource outer("Outer");
  hook.enable();
  other.enable();
  outer.run_in_async_scope([&] {
    AsyncResource{"One"};
    other.disable();
  });
  spend(50us);
  outer.run_in_async_scope([] { AsyncResource{"Two"}; });
  EXPECT_GE(made.at(1) - made.at(0), 49us);
}

TEST_F(EventTime, is_the_same_for_every_hook_though_one_makes_and_runs_something) {
  std::set<Clock::time_point> times;
  AsyncHook one({.init = [&](const ResourceInfo& info) {
    if (info.type != "Thing") return;
    times.insert(event_time());
    AsyncResource("Another").run_in_async_scope([] { spend(10us); });
  }});
  AsyncHook two({.init = [&](const ResourceInfo& info) {
    if (info.type == "Thing") times.insert(event_time());
  }});
  one.enable();
  two.enable();
  AsyncResource{"Thing"};
  EXPECT_EQ(times.size(), 1u);
}

TEST_F(EventTime, goes_on_outside_callbacks) {
  std::vector<Clock::time_point> made;
  AsyncHook hook({.init = [&](const ResourceInfo&) { made.push_back(event_time()); }});
  hook.enable();
  AsyncResource{"One"};
  spend(50us);
  AsyncResource{"Two"};
  EXPECT_GE(made.at(1) - made.at(0), 49us);
}

TEST_F(EventTime, can_be_had_precisely) {
  std::vector<Clock::time_point> times;
  AsyncHook hook({.before = [&](AsyncId) {
    times.push_back(event_time());
    spend(20us);
    times.push_back(precise_event_time());
  }});
  hook.enable();
  AsyncResource("Thing").run_in_async_scope([] {});
  EXPECT_GE(times.at(1) - times.at(0), 19us);
}

TEST(EventTimeWithoutALoop, is_the_steady_clock) {
  const auto before = Clock::now();
  EXPECT_GE(event_time(), before);
  const auto between = precise_event_time();
  EXPECT_LE(between, Clock::now());
}

}  // namespace
}  // namespace contrail
