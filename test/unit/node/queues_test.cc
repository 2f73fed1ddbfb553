// What Node's own tests say of ticks, of microtasks, and of what runs before what.

#include <memory>
#include <stdexcept>
#include <string>

#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/testing/fake_clock.h"
#include "contrail/timers.h"
#include "lives.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class TicksAndMicrotasks : public LoopTest {
 protected:
  /// A callable that writes its name down.
  auto note(std::string name) {
    return [this, name = std::move(name)] { heard += name + ' '; };
  }
  void note_exceptions() {
    loop().on_uncaught_exception([this](std::exception_ptr) { note("!")(); });
  }
  [[noreturn]] static void fail() { throw std::runtime_error("no"); }
  std::string heard;
};

// --- Who they are.

TEST_F(TicksAndMicrotasks, are_triggered_by_the_code_that_queued_them) {
  Lives lives({"TickObject", "Microtask"});
  std::vector<AsyncId> triggers;
  auto note_trigger = [&] { triggers.push_back(trigger_async_id()); };
  next_tick(note_trigger);
  queue_microtask(note_trigger);
  loop().run();
  EXPECT_THAT(triggers, ::testing::ElementsAre(root_async_id, root_async_id));
  EXPECT_EQ(lives.of("TickObject"), "1/1/1/1");
  EXPECT_EQ(lives.of("Microtask"), "1/1/1/1");
}

TEST_F(TicksAndMicrotasks, of_one_tick_have_it_for_a_trigger) {
  std::vector<AsyncId> triggers;
  AsyncId tick = no_async_id;
  next_tick([&] {
    tick = execution_async_id();
    next_tick([&] { triggers.push_back(trigger_async_id()); });
    next_tick([&] { triggers.push_back(trigger_async_id()); });
  });
  loop().run();
  EXPECT_THAT(triggers, ::testing::ElementsAre(tick, tick));
  EXPECT_NE(tick, trigger_async_id());
}

TEST_F(TicksAndMicrotasks, have_their_whole_life_although_they_throw) {
  Lives lives({"Microtask"});
  note_exceptions();
  queue_microtask(fail);
  loop().run();
  EXPECT_EQ(heard, "! ");
  EXPECT_EQ(lives.recorder().trace(),
            "init Microtask:1 by root\nbefore Microtask:1\nafter Microtask:1\n"
            "destroy Microtask:1\n");
}

// --- What runs before what.

TEST_F(TicksAndMicrotasks, run_before_a_timer_that_was_set_after_them) {
  auto queue = [&](std::string name) {
    queue_microtask([this, name] { next_tick(note(name + " tick")); });
    set_timeout(note(name + " timer"));
  };
  queue("main");
  next_tick([&] { queue("in a tick"); });
  loop().run();
  EXPECT_LT(heard.find("main tick"), heard.find("main timer"));
  EXPECT_LT(heard.find("in a tick tick"), heard.find("main timer"));
}

TEST_F(TicksAndMicrotasks, run_before_a_timer_that_was_set_before_them) {
  testing::FakeClock clock;
  set_timeout(note("zero"), 0ms);
  set_timeout(note("one"), 1ms);
  next_tick([&] { next_tick(note("nested tick")); });
  clock.run_until_idle();
  EXPECT_EQ(heard, "nested tick zero one ");
}

TEST_F(TicksAndMicrotasks, are_all_drained_between_two_immediates) {
  set_immediate([&] {
    queue_microtask([&] {
      next_tick(note("tick"));
      queue_microtask(note("microtask"));
    });
  });
  set_immediate(note("immediate"));
  loop().run();
  EXPECT_EQ(heard, "microtask tick immediate ");
}

TEST_F(TicksAndMicrotasks, are_all_drained_between_two_timers) {
  testing::FakeClock clock;
  set_timeout([&] {
    queue_microtask([&] {
      next_tick(note("tick"));
      queue_microtask(note("microtask"));
    });
  });
  set_timeout(note("timer"));
  clock.run_until_idle();
  EXPECT_EQ(heard, "microtask tick timer ");
}

TEST_F(TicksAndMicrotasks, keep_timers_waiting_as_long_as_they_make_more) {
  testing::FakeClock clock;
  int ticks = 0;
  Function<void()> again = [&] {
    if (++ticks < 1000) next_tick([&] { again(); });
  };
  set_timeout([&] { EXPECT_EQ(ticks, 1000); });
  next_tick([&] { again(); });
  clock.run_until_idle();
  EXPECT_EQ(ticks, 1000);
}

TEST_F(TicksAndMicrotasks, may_be_thousands_and_cancel_an_immediate) {
  int ticks = 0;
  queue_microtask([&] {
    Immediate immediate = set_immediate([] { ADD_FAILURE() << "it was cleared"; });
    for (int i = 0; i < 2047; ++i) next_tick([&] { ++ticks; });
    next_tick([&ticks, immediate]() mutable {
      ++ticks;
      immediate.clear();
    });
  });
  loop().run();
  EXPECT_EQ(ticks, 2048);
}

TEST_F(TicksAndMicrotasks, share_one_order_with_reactions) {
  Promise<>::resolve().then(note("reaction")).detach();
  queue_microtask(note("microtask"));
  Promise<>::reject(std::runtime_error("no"))
      .catch_error([&](std::exception_ptr) { note("catch")(); })
      .detach();
  note("main")();
  loop().run();
  EXPECT_EQ(heard, "main reaction microtask catch ");
}

TEST_F(TicksAndMicrotasks, are_all_there_is_and_then_the_loop_ends) {
  next_tick(note("tick"));
  loop().run();
  EXPECT_EQ(heard, "tick ");
}

TEST_F(TicksAndMicrotasks, queued_when_the_loop_has_ended_never_run) {
  loop().run();
  next_tick(note("tick"));
  queue_microtask(note("microtask"));
  destroy_loop();
  EXPECT_EQ(heard, "");
}

// --- What they may clear.

TEST_F(TicksAndMicrotasks, clear_a_timer_that_is_due_and_leave_the_later_one) {
  testing::FakeClock clock;
  Timeout doomed;
  set_timeout([&] { next_tick([&] { doomed.clear(); }); });
  doomed = set_timeout(note("cleared"));
  set_timeout(note("later"));
  clock.run_until_idle();
  EXPECT_EQ(heard, "later ");
}

TEST_F(TicksAndMicrotasks, clear_an_immediate_that_is_due_and_leave_the_later_one) {
  Immediate doomed;
  set_immediate([&] { next_tick([&] { doomed.clear(); }); });
  doomed = set_immediate(note("cleared"));
  set_immediate(note("later"));
  loop().run();
  EXPECT_EQ(heard, "later ");
}

// --- Exceptions.

TEST_F(TicksAndMicrotasks, go_on_after_a_tick_that_threw) {
  note_exceptions();
  next_tick([&] {
    note("first")();
    fail();
  });
  next_tick(note("second"));
  note("main")();
  loop().run();
  EXPECT_EQ(heard, "main first ! second ");
}

TEST_F(TicksAndMicrotasks, may_all_throw) {
  note_exceptions();
  for (int i = 0; i < 2; ++i) {
    next_tick([&] {
      note("tick")();
      fail();
    });
  }
  loop().run();
  EXPECT_EQ(heard, "tick ! tick ! ");
}

TEST_F(TicksAndMicrotasks, go_on_after_a_microtask_that_threw) {
  note_exceptions();
  queue_microtask(fail);
  queue_microtask(note("later"));
  loop().run();
  EXPECT_EQ(heard, "! later ");
}

TEST_F(TicksAndMicrotasks, find_all_scopes_left_that_an_exception_went_through) {
  loop().on_uncaught_exception([](std::exception_ptr) {});
  Trace trace;
  set_immediate([&] {
    next_tick([&] { trace.note("tick"); });
    AsyncResource outer("Outer"), inner("Inner");
    outer.run_in_async_scope([&] { inner.run_in_async_scope(fail); });
  });
  loop().run();
  EXPECT_THAT(trace.text(), ::testing::HasSubstr(">Outer1 >Inner1 <Inner1 <Outer1 "));
  EXPECT_LT(trace.text().find("<Imm1"), trace.text().find("[tick]"));
}

TEST_F(TicksAndMicrotasks, stand_on_valid_ids_after_an_immediate_and_a_timer_threw) {
  note_exceptions();
  Lives lives({"Immediate", "Timeout"});
  set_immediate(fail);
  set_timeout(fail);
  loop().run();
  EXPECT_EQ(heard, "! ! ");
  EXPECT_EQ(execution_async_id(), root_async_id);
  EXPECT_THAT(lives.recorder().violations(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace contrail
