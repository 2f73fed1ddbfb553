#include "contrail/microtask.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "contrail/async_local_storage.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

class Queues : public LoopTest {
 protected:
  /// A callable that writes its name down.
  auto note(std::string name) {
    return [this, name = std::move(name)] { heard += name + ' '; };
  }
  std::string heard;
};

TEST_F(Queues, run_ticks_in_the_order_of_their_calls) {
  next_tick(note("1"));
  next_tick(note("2"));
  loop().run();
  EXPECT_EQ(heard, "1 2 ");
}

TEST_F(Queues, run_nothing_before_the_loop_runs) {
  next_tick(note("tick"));
  queue_microtask(note("microtask"));
  EXPECT_EQ(heard, "");
  loop().run();
}

TEST_F(Queues, run_all_ticks_before_any_microtask) {
  queue_microtask(note("m"));
  next_tick(note("1"));
  next_tick(note("2"));
  loop().run();
  EXPECT_EQ(heard, "1 2 m ");
}

TEST_F(Queues, run_ticks_made_by_ticks_before_microtasks) {
  next_tick([&] {
    queue_microtask(note("m"));
    next_tick(note("2"));
  });
  loop().run();
  EXPECT_EQ(heard, "2 m ");
}

TEST_F(Queues, run_microtasks_made_by_microtasks_before_ticks) {
  queue_microtask([&] {
    next_tick(note("tick"));
    queue_microtask(note("m2"));
  });
  loop().run();
  EXPECT_EQ(heard, "m2 tick ");
}

TEST_F(Queues, run_reactions_among_the_microtasks_in_order) {
  queue_microtask(note("1"));
  Promise<>::resolve().then(note("2")).detach();
  queue_microtask(note("3"));
  loop().run();
  EXPECT_EQ(heard, "1 2 3 ");
}

TEST_F(Queues, are_drained_between_two_immediates) {
  set_immediate([&] {
    next_tick(note("tick"));
    queue_microtask(note("micro"));
  });
  set_immediate(note("immediate"));
  loop().run();
  EXPECT_EQ(heard, "tick micro immediate ");
}

TEST_F(Queues, are_not_drained_by_a_scope_inside_a_callback) {
  AsyncResource resource("Thing");
  set_immediate([&] {
    next_tick(note("tick"));
    resource.run_in_async_scope([] {});
    note("end")();
  });
  loop().run();
  EXPECT_EQ(heard, "end tick ");
}

TEST_F(Queues, show_a_tick_with_its_whole_life) {
  Trace trace;
  next_tick([&] { trace.note("cb"); });
  loop().run();
  EXPECT_EQ(trace.text(), "+Tick1(t=root) >Tick1 [cb] <Tick1 xTick1");
}

TEST_F(Queues, show_a_microtask_with_its_whole_life) {
  Trace trace;
  queue_microtask([&] { trace.note("cb"); });
  loop().run();
  EXPECT_EQ(trace.text(), "+Microtask1(t=root) >Microtask1 [cb] <Microtask1 xMicrotask1");
}

TEST_F(Queues, show_ticks_and_reactions_in_the_order_of_node) {
  Trace trace;
  set_immediate([&] {
    next_tick([&] { trace.note("t1"); });
    auto resolved = Promise<>::resolve();
    auto m1 = [&] {
      trace.note("m1");
      next_tick([&] { trace.note("t2"); });
    };
    resolved.then(m1).detach();
    resolved.then([&] { trace.note("m2"); }).detach();
  });
  loop().run();
  trace.stop();
  EXPECT_EQ(trace.text(),
            "+Imm1(t=root) >Imm1 +Tick1(t=Imm1) +P1(t=Imm1) !P1 +P2(t=P1,e=Imm1) "
            "+P3(t=P1,e=Imm1) <Imm1 >Tick1 [t1] <Tick1 >P2 [m1] +Tick2(t=P2) !P2 <P2 "
            ">P3 [m2] !P3 <P3 >Tick2 [t2] <Tick2 xImm1 xTick1 xTick2");
}

TEST_F(Queues, hide_a_microtask_that_was_queued_without_hooks_and_context) {
  close_ledger();
  AsyncId id = 99;
  queue_microtask([&] { id = execution_async_id(); });
  Trace trace;
  loop().run();
  EXPECT_EQ(trace.text(), "");
  EXPECT_EQ(id, no_async_id);
}

TEST_F(Queues, number_a_microtask_that_carries_a_context) {
  close_ledger();
  AsyncLocalStorage<int> storage;
  AsyncId id = 0;
  int store = 0;
  storage.run(1, [&] {
    queue_microtask([&] {
      id = execution_async_id();
      store = *storage.get_store();
    });
  });
  loop().run();
  EXPECT_GT(id, root_async_id);
  EXPECT_EQ(store, 1);
}

TEST_F(Queues, carry_the_context_of_the_call_of_next_tick) {
  AsyncLocalStorage<int> storage;
  int store = 0;
  storage.run(1, [&] { next_tick([&] { store = *storage.get_store(); }); });
  loop().run();
  EXPECT_EQ(store, 1);
}

TEST_F(Queues, keep_what_a_callback_enters_from_the_next_one) {
  AsyncLocalStorage<int> storage;
  next_tick([&] { storage.enter_with(1); });
  next_tick([&] { EXPECT_EQ(storage.get_store(), nullptr); });
  queue_microtask([&] { EXPECT_EQ(storage.get_store(), nullptr); });
  loop().run();
}

TEST_F(Queues, let_go_of_callbacks_and_contexts_once_they_ran) {
  AsyncLocalStorage<std::shared_ptr<int>> storage;
  auto value = std::make_shared<int>(1);
  storage.run(value, [&] {
    next_tick([value] {});
    queue_microtask([value] {});
  });
  EXPECT_GT(value.use_count(), 3);
  loop().run();
  EXPECT_EQ(value.use_count(), 1);
}

TEST_F(Queues, show_hooks_the_context_of_the_tick) {
  AsyncLocalStorage<int> storage;
  std::string seen;
  AsyncHook hook({.before = [&](AsyncId) { seen += std::to_string(*storage.get_store()); },
                  .after = [&](AsyncId) { seen += std::to_string(*storage.get_store()); }});
  hook.enable();
  storage.run(1, [&] { next_tick([&] { storage.enter_with(2); }); });
  loop().run();
  EXPECT_EQ(seen, "12");
}

// --- Exceptions.

TEST_F(Queues, run_the_remaining_ticks_when_the_next_callback_ends) {
  Trace trace;
  loop().on_uncaught_exception([&](std::exception_ptr) { trace.note("UE"); });
  next_tick([] { throw std::runtime_error("no"); });
  next_tick([&] { trace.note("B"); });
  loop().run();
  EXPECT_EQ(trace.text(),
            "+Tick1(t=root) +Tick2(t=root) >Tick1 [UE] +Imm1(t=Tick1) <Tick1 xTick1 "
            ">Tick2 [B] <Tick2 >Imm1 <Imm1 xTick2 xImm1");
}

TEST_F(Queues, leave_the_scope_of_a_microtask_before_the_handler_hears) {
  Trace trace;
  loop().on_uncaught_exception([&](std::exception_ptr) {
    trace.note("UE");
    EXPECT_EQ(execution_async_id(), no_async_id);
  });
  queue_microtask([] { throw std::runtime_error("no"); });
  queue_microtask([&] { trace.note("B"); });
  loop().run();
  EXPECT_EQ(trace.text().substr(0, trace.text().find(" xM")),
            "+Microtask1(t=root) +Microtask2(t=root) >Microtask1 <Microtask1 [UE] +Imm1(t=0) "
            ">Microtask2 [B] <Microtask2");
}

TEST_F(Queues, show_the_handler_the_context_of_the_microtask) {
  AsyncLocalStorage<int> storage;
  int store = 0;
  loop().on_uncaught_exception([&](std::exception_ptr) { store = *storage.get_store(); });
  storage.run(1, [] { queue_microtask([] { throw std::runtime_error("no"); }); });
  loop().run();
  EXPECT_EQ(store, 1);
}

TEST_F(Queues, outlive_an_exception_that_left_through_run) {
  next_tick([] { throw std::runtime_error("no"); });
  next_tick(note("tick"));
  queue_microtask(note("micro"));
  EXPECT_THROW(loop().run(), std::runtime_error);
  loop().run();
  EXPECT_EQ(heard, "tick micro ");
}

// --- Misuse.

using QueuesDeath = Queues;

TEST_F(QueuesDeath, need_a_loop) {
  destroy_loop();
  EXPECT_DEATH(next_tick([] {}), "there is no Loop on this thread");
  EXPECT_DEATH(queue_microtask([] {}), "there is no Loop on this thread");
}

}  // namespace
}  // namespace contrail
