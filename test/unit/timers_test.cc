#include "contrail/timers.h"

#include <malloc.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/detail/virtual_time.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/testing/fake_clock.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class Timers : public LoopTest {
 protected:
  auto note(std::string name) {
    return [this, name = std::move(name)] { heard += name; };
  }
  /// Runs the timers that set() makes, of up to 10 ms, all at once.
  template <class F>
  void fire_together(F set) {
    detail::set_virtual_time(0ms);
    set();
    detail::set_virtual_time(10ms);
    detail::run_due_timers();
    detail::set_virtual_time(std::nullopt);
    loop().run();
  }
  std::string heard;
};

// --- set_timeout

TEST_F(Timers, fire_once) {
  set_timeout(note("a"), 1ms);
  loop().run();
  EXPECT_EQ(heard, "a");
}

TEST_F(Timers, fire_no_sooner_than_their_delay) {
  const auto start = loop().now();
  set_timeout([] {}, 20ms);
  loop().run();
  EXPECT_GE(loop().now() - start, 20ms);
}

TEST_F(Timers, fire_in_the_order_of_their_delays) {
  fire_together([&] {
    set_timeout(note("c"), 9ms);
    set_timeout(note("a"), 1ms);
    set_timeout(note("b"), 5ms);
  });
  EXPECT_EQ(heard, "abc");
}

TEST_F(Timers, of_one_delay_fire_in_the_order_of_their_making) {
  for (const char* name : {"a", "b", "c"}) set_timeout(note(name), 2ms);
  loop().run();
  EXPECT_EQ(heard, "abc");
}

TEST_F(Timers, take_delays_below_one_and_beyond_the_largest_for_one) {
  std::vector<std::chrono::milliseconds> delays;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    delays.push_back(made.details.as<Timeout::Details>()->delay);
  }});
  hook.enable();
  for (auto delay : {-5ms, 0ms, std::chrono::milliseconds(1ll << 31)}) set_timeout([] {}, delay);
  set_timeout([] {}, std::chrono::milliseconds((1ll << 31) - 1)).clear();
  hook.disable();
  loop().run();
  EXPECT_THAT(delays, ::testing::ElementsAre(1ms, 1ms, 1ms, 2147483647ms));
}

TEST_F(Timers, show_their_whole_life) {
  Trace trace;
  set_timeout([&] { trace.note("cb"); });
  loop().run();
  EXPECT_EQ(trace.text(), "+Timeout1(t=root) >Timeout1 [cb] <Timeout1 xTimeout1");
}

TEST_F(Timers, of_one_delay_are_drained_after_each) {
  Trace trace;
  fire_together([&] {
    set_timeout([&] { next_tick([&] { trace.note("tick"); }); });
    set_timeout([&] { trace.note("B"); });
  });
  EXPECT_EQ(trace.text(),
            "+Timeout1(t=root) +Timeout2(t=root) >Timeout1 +Tick1(t=Timeout1) <Timeout1 "
            ">Tick1 [tick] <Tick1 >Timeout2 [B] <Timeout2 xTimeout1 xTick1 xTimeout2");
}

TEST_F(Timers, made_in_a_callback_fire_on_a_later_turn) {
  set_timeout([&] {
    set_timeout(note("inner"));
    set_immediate(note("immediate "));
  });
  loop().run();
  EXPECT_EQ(heard, "immediate inner");
}

// --- clear

TEST_F(Timers, that_were_cleared_never_fire) {
  Trace trace;
  Timeout timer = set_timeout(note("a"), 1ms);
  timer.clear();
  loop().run();
  EXPECT_EQ(heard, "");
  EXPECT_EQ(trace.text(), "+Timeout1(t=root) xTimeout1");
}

TEST_F(Timers, emit_one_destroy_however_often_they_are_cleared) {
  Trace trace;
  Timeout timer = set_timeout([] {});
  timer.clear();
  timer.clear();
  clear_timeout(timer);
  loop().run();
  EXPECT_EQ(trace.text(), "+Timeout1(t=root) xTimeout1");
}

TEST_F(Timers, emit_one_destroy_when_cleared_in_their_own_callback) {
  Trace trace;
  Timeout timer;
  timer = set_timeout([&] { timer.clear(); });
  loop().run();
  EXPECT_EQ(trace.text(), "+Timeout1(t=root) >Timeout1 <Timeout1 xTimeout1");
}

TEST_F(Timers, may_be_cleared_by_one_that_fires_at_the_same_time) {
  Timeout second;
  fire_together([&] {
    set_timeout([&] { second.clear(); });
    second = set_timeout(note("b"));
    set_timeout(note("c"));
  });
  EXPECT_EQ(heard, "c");
}

TEST_F(Timers, may_be_cleared_after_they_fired) {
  Timeout timer = set_timeout(note("a"));
  loop().run();
  timer.clear();
  EXPECT_EQ(heard, "a");
}

TEST_F(Timers, drop_their_callback_when_cleared) {
  auto held = std::make_shared<int>(1);
  Timeout timer = set_timeout([held] {});
  timer.clear();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Timers, may_own_their_ticket_and_clear_it) {
  auto ticket = std::make_shared<Timeout>();
  *ticket = set_timeout([ticket] { ticket->clear(); });
  std::weak_ptr<Timeout> watch = ticket;
  ticket.reset();
  loop().run();
  EXPECT_TRUE(watch.expired());
}

TEST_F(Timers, fire_although_their_ticket_was_dropped) {
  { const Timeout dropped = set_timeout(note("a")); }
  loop().run();
  EXPECT_EQ(heard, "a");
}

TEST_F(Timers, drop_their_callback_once_it_ran_if_nobody_holds_a_ticket) {
  auto held = std::make_shared<int>(1);
  set_timeout([held] {});
  loop().run();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Timers, keep_their_callback_as_long_as_somebody_holds_a_ticket) {
  auto held = std::make_shared<int>(1);
  {
    const Timeout ticket = set_timeout([held] {});
    loop().run();
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

// --- set_interval

TEST_F(Timers, that_repeat_are_one_resource) {
  Trace trace;
  Timeout interval;
  interval = set_interval(
      [&, n = 0]() mutable {
        if (++n == 3) interval.clear();
      },
      1ms);
  loop().run();
  EXPECT_EQ(trace.text(),
            "+Timeout1(t=root) >Timeout1 <Timeout1 >Timeout1 <Timeout1 >Timeout1 <Timeout1 "
            "xTimeout1");
}

TEST_F(Timers, that_repeat_go_on_after_an_exception) {
  int calls = 0;
  Timeout interval;
  loop().on_uncaught_exception([](std::exception_ptr) {});
  interval = set_interval(
      [&] {
        if (++calls == 3) interval.clear();
        throw std::runtime_error("no");
      },
      1ms);
  loop().run();
  EXPECT_EQ(calls, 3);
}

TEST_F(Timers, that_repeat_can_be_cleared_by_another) {
  int calls = 0;
  Timeout interval = set_interval([&] { ++calls; }, 1ms);
  set_timeout([&] { interval.clear(); }, 10ms);
  loop().run();
  EXPECT_GE(calls, 1);
}

TEST_F(Timers, do_not_run_if_a_hook_clears_them_in_their_before) {
  Timeout timer = set_timeout(note("timer"), 1ms);
  Timeout interval = set_interval(note("interval"), 1ms);
  AsyncHook hook({.before = [&](AsyncId) { timer.clear(), interval.clear(); }});
  hook.enable();
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(Timers, of_many_delays_leave_nothing_behind_when_cleared) {
  close_ledger();
  const auto in_use = [] { return mallinfo2().uordblks; };
  const auto clear_many = [] {
    for (int i = 0; i < 10'000; ++i) set_timeout([] {}, 1h + i * 1ms).clear();
  };
  clear_many();
  const auto before = in_use();
  clear_many();
  EXPECT_LT(in_use(), before + 10'000);
}

TEST_F(Timers, may_clear_all_others_of_their_delay_and_of_another) {
  std::vector<Timeout> timers;
  auto clear_all = [&] {
    for (Timeout& timer : timers) timer.clear();
    heard += 'c';
  };
  for (int i = 0; i < 3; ++i) {
    timers.push_back(set_timeout(clear_all, 1ms));
    timers.push_back(set_timeout(clear_all, 2ms));
  }
  loop().run();
  EXPECT_EQ(heard, "c");
}

// --- refresh

TEST_F(Timers, keep_their_id_when_refreshed_while_pending) {
  Trace trace;
  Timeout timer = set_timeout([] {}, 1h);
  set_timeout([&] { timer.refresh(); }, 1ms);
  const AsyncId id = timer.async_id();
  testing::FakeClock().run_until_idle();
  EXPECT_EQ(timer.async_id(), id);
  EXPECT_EQ(trace.text(),
            "+Timeout1(t=root) +Timeout2(t=root) >Timeout2 <Timeout2 xTimeout2 "
            ">Timeout1 <Timeout1 xTimeout1");
}

TEST_F(Timers, count_afresh_from_their_refresh) {
  Timeout timer = set_timeout([] {}, 20ms);
  std::chrono::milliseconds refreshed{};
  set_timeout([&] { timer.refresh(), refreshed = loop().now(); }, 10ms);
  loop().run();
  EXPECT_GE(loop().now() - refreshed, 20ms);
}

TEST_F(Timers, keep_their_id_when_refreshed_in_their_own_callback) {
  Trace trace;
  Timeout timer;
  timer = set_timeout([&, n = 0]() mutable {
    if (n++ == 0) timer.refresh();
  });
  loop().run();
  EXPECT_EQ(trace.text(), "+Timeout1(t=root) >Timeout1 <Timeout1 >Timeout1 <Timeout1 xTimeout1");
}

TEST_F(Timers, are_new_resources_when_refreshed_after_they_fired) {
  Trace trace;
  Timeout timer;
  bool again = false;
  timer = set_timeout(
      [&] {
        if (!std::exchange(again, true)) set_immediate([&] { timer.refresh(); });
      },
      1ms);
  loop().run();
  EXPECT_EQ(trace.text(),
            "+Timeout1(t=root) >Timeout1 +Imm1(t=Timeout1) <Timeout1 xTimeout1 "
            ">Imm1 +Timeout2(t=Imm1) <Imm1 xImm1 "
            ">Timeout2 <Timeout2 xTimeout2");
}

TEST_F(Timers, keep_their_context_when_refreshed_while_pending) {
  AsyncLocalStorage<int> storage;
  int seen = 0;
  Timeout timer = storage.run(1, [&] { return set_timeout([&] { seen = *storage.get_store(); }); });
  storage.run(2, [&] { timer.refresh(); });
  loop().run();
  EXPECT_EQ(seen, 1);
}

TEST_F(Timers, take_the_context_of_a_refresh_after_they_fired) {
  AsyncLocalStorage<int> storage;
  int seen = 0;
  Timeout timer = storage.run(1, [&] { return set_timeout([&] { seen = *storage.get_store(); }); });
  loop().run();
  storage.run(2, [&] { timer.refresh(); });
  loop().run();
  EXPECT_EQ(seen, 2);
}

TEST_F(Timers, ignore_a_refresh_after_they_were_cleared) {
  Timeout timer = set_timeout(note("a"));
  timer.clear();
  timer.refresh();
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(Timers, cleared_after_they_fired_and_refreshed_call_nobody) {
  Trace trace;
  Timeout timer = set_timeout(note("a"));
  loop().run();
  timer.clear();
  timer.refresh();
  loop().run();
  EXPECT_EQ(heard, "a");
  EXPECT_EQ(trace.text(),
            "+Timeout1(t=root) >Timeout1 <Timeout1 xTimeout1 +Timeout2(t=root) xTimeout2");
}

TEST_F(Timers, cleared_after_they_fired_and_refreshed_end_with_the_loop) {
  Timeout timer = set_timeout(note("a"));
  loop().run();
  timer.clear();
  timer.refresh();
  destroy_loop();
  EXPECT_EQ(heard, "a");
}

// --- ref and unref

TEST_F(Timers, keep_the_loop_waiting_unless_unreffed) {
  Timeout timer = set_timeout(note("a"), 1h);
  timer.unref();
  EXPECT_FALSE(timer.has_ref());
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(Timers, keep_the_loop_waiting_again_once_reffed) {
  Timeout timer = set_timeout(note("a"), 2ms);
  timer.unref().ref();
  EXPECT_TRUE(timer.has_ref());
  loop().run();
  EXPECT_EQ(heard, "a");
}

TEST_F(Timers, may_be_unreffed_any_number_of_times) {
  Timeout one = set_timeout(note("1"), 1ms);
  Timeout two = set_timeout(note("2"), 3ms);
  one.unref().unref();
  loop().run();
  EXPECT_EQ(heard, "12");
}

TEST_F(Timers, stay_unreffed_when_refreshed_after_they_fired) {
  Timeout timer = set_timeout(note("a"), 1ms);
  timer.unref();
  set_timeout([] {}, 5ms);
  loop().run();
  timer.refresh();
  loop().run();
  EXPECT_EQ(heard, "a");
}

TEST_F(Timers, may_be_unreffed_in_their_own_callback) {
  Timeout timer;
  timer = set_interval([&] { timer.unref(), heard += "a"; }, 1ms);
  loop().run();
  EXPECT_EQ(heard, "a");
}

// --- Tickets.

TEST_F(Timers, have_tickets_for_none) {
  Timeout none;
  none.clear();
  none.refresh().ref().unref();
  EXPECT_FALSE(none.has_ref());
  EXPECT_EQ(none.async_id(), no_async_id);
}

TEST_F(Timers, have_tickets_that_may_outlive_the_loop) {
  Timeout pending = set_timeout([] {}, 1h);
  Timeout fired = set_timeout([] {});
  pending.unref();
  loop().run();
  destroy_loop();
  for (Timeout* timer : {&pending, &fired}) {
    timer->clear();
    timer->refresh().ref().unref();
  }
}

TEST_F(Timers, may_be_destroyed_by_the_destructor_of_a_callback) {
  struct Clearing {
    explicit Clearing(Timeout timer) : other(std::move(timer)) {}
    Clearing(Clearing&&) noexcept = default;
    ~Clearing() { other.clear(); }
    Timeout other;
  };
  Timeout other = set_timeout(note("never"), 1h);
  set_timeout([clearing = Clearing(other)] {}, 1ms);
  loop().run();
  EXPECT_EQ(heard, "");
}

// --- Exceptions.

TEST_F(Timers, that_throw_leave_the_order_of_node) {
  Trace trace;
  loop().on_uncaught_exception([&](std::exception_ptr) { trace.note("UE"); });
  fire_together([&] {
    set_timeout([] { throw std::runtime_error("no"); });
    set_timeout([&] { trace.note("cb2"); });
  });
  EXPECT_EQ(trace.text(),
            "+Timeout1(t=root) +Timeout2(t=root) >Timeout1 [UE] +Imm1(t=Timeout1) <Timeout1 "
            ">Timeout2 [cb2] <Timeout2 xTimeout1 xTimeout2 >Imm1 <Imm1 xImm1");
}

// --- set_immediate

class Immediates : public Timers {};

TEST_F(Immediates, show_their_whole_life) {
  Trace trace;
  set_immediate([&] { trace.note("cb"); });
  loop().run();
  EXPECT_EQ(trace.text(), "+Imm1(t=root) >Imm1 [cb] <Imm1 xImm1");
}

TEST_F(Immediates, run_in_the_order_of_their_making) {
  for (const char* name : {"a", "b", "c"}) set_immediate(note(name));
  loop().run();
  EXPECT_EQ(heard, "abc");
}

TEST_F(Immediates, made_by_an_immediate_run_on_the_next_turn) {
  set_immediate([&] { set_immediate(note("nested")); });
  set_immediate(note("other "));
  loop().run();
  EXPECT_EQ(heard, "other nested");
}

TEST_F(Immediates, never_run_once_cleared) {
  Trace trace;
  Immediate immediate = set_immediate(note("a"));
  immediate.clear();
  clear_immediate(immediate);
  loop().run();
  EXPECT_EQ(heard, "");
  EXPECT_EQ(trace.text(), "+Imm1(t=root) xImm1");
}

TEST_F(Immediates, may_be_cleared_by_one_that_runs_before_them) {
  Immediate last;
  std::vector<Immediate> others;
  set_immediate([&] {
    last.clear();
    for (auto& other : others) other.clear();
  });
  for (int i = 0; i < 3; ++i) others.push_back(set_immediate(note("x")));
  set_immediate(note("kept"));
  last = set_immediate(note("y"));
  loop().run();
  EXPECT_EQ(heard, "kept");
}

TEST_F(Immediates, may_be_cleared_by_a_microtask_between_two_of_them) {
  Immediate second;
  set_immediate([&] { queue_microtask([&] { second.clear(); }); });
  second = set_immediate(note("x"));
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(Immediates, may_clear_themselves) {
  Trace trace;
  Immediate immediate;
  immediate = set_immediate([&] { immediate.clear(); });
  loop().run();
  EXPECT_EQ(trace.text(), "+Imm1(t=root) >Imm1 <Imm1 xImm1");
}

TEST_F(Immediates, drop_their_callback_once_it_ran_whoever_holds_a_ticket) {
  auto held = std::make_shared<int>(1);
  const Immediate ticket = set_immediate([held] {});
  loop().run();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Immediates, have_tickets_for_none_and_such_that_outlive_the_loop) {
  Immediate none;
  none.clear();
  EXPECT_EQ(none.async_id(), no_async_id);
  Immediate pending = set_immediate([] {});
  destroy_loop();
  pending.clear();
}

TEST_F(Immediates, that_throw_let_the_others_run_in_the_same_phase) {
  Trace trace;
  loop().on_uncaught_exception([&](std::exception_ptr) { trace.note("UE"); });
  set_immediate([] { throw std::runtime_error("no"); });
  set_immediate([&] { trace.note("B"); });
  loop().run();
  EXPECT_EQ(trace.text(),
            "+Imm1(t=root) +Imm2(t=root) >Imm1 [UE] +Imm3(t=Imm1) <Imm1 >Imm2 [B] <Imm2 "
            "xImm1 xImm2 >Imm3 <Imm3 xImm3");
}

TEST_F(Immediates, leave_user_scopes_before_the_handler_hears) {
  Trace trace;
  AsyncId execution = 0;
  loop().on_uncaught_exception([&](std::exception_ptr) {
    trace.note("UE");
    execution = execution_async_id();
  });
  AsyncResource a("A"), b("B");
  const Immediate immediate = set_immediate([&] {
    a.run_in_async_scope([&] { b.run_in_async_scope([] { throw std::runtime_error("no"); }); });
  });
  trace.take();
  loop().run();
  EXPECT_THAT(trace.text(),
              ::testing::StartsWith(">Imm1 >A1 >B1 <B1 <A1 [UE] +Imm2(t=Imm1) <Imm1"));
  EXPECT_EQ(execution, immediate.async_id());
}

// --- sleep

TEST_F(Timers, resolve_what_sleep_promises) {
  const auto start = loop().now();
  auto nap = [](std::string& out) -> Promise<> {
    co_await sleep(5ms);
    out = "awake";
  };
  nap(heard).detach();
  loop().run();
  EXPECT_EQ(heard, "awake");
  EXPECT_GE(loop().now() - start, 5ms);
}

}  // namespace
}  // namespace contrail
