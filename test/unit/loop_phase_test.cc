// HookCallbacks::loop_phase and context_switch: what hooks hear of the loop itself.

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "contrail/async_hook.h"
#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class LoopPhases : public LoopTest {
 protected:
  AsyncHook listener() {
    return AsyncHook({.loop_phase = [this](LoopPhase phase) {
      constexpr char letters[] = "(pq)";
      heard += letters[static_cast<int>(phase)];
    }});
  }
  std::string heard;  ///< (: a turn begins, p and q: polling, ): the turn ends.
};

TEST_F(LoopPhases, come_in_order_around_the_callbacks) {
  AsyncHook hook = listener();
  hook.enable();
  set_timeout([&] { heard += 't'; }, 1ms);
  set_immediate([&] { heard += 'i'; });
  loop().run_nowait();
  EXPECT_EQ(heard, "(pqi)");
  heard.clear();
  loop().run();
  EXPECT_EQ(heard.substr(heard.size() - 5), "(tpq)") << heard;
}

TEST_F(LoopPhases, begin_a_turn_with_the_ticks_that_wait) {
  AsyncHook hook = listener();
  hook.enable();
  next_tick([&] { heard += 't'; });
  loop().run_nowait();
  EXPECT_EQ(heard, "(t)") << "with nothing to wait for, nobody asks the system";
}

TEST_F(LoopPhases, end_the_poll_before_the_first_callback_of_its_events) {
  AsyncHook hook = listener();
  hook.enable();
  const auto hold = loop().keep_alive();
  std::thread other([&] {
    loop().post([&] {
      heard += 'c';
      loop().stop();
    });
  });
  loop().run();
  other.join();
  EXPECT_NE(heard.find("pqc)"), std::string::npos) << heard;
}

TEST_F(LoopPhases, are_told_from_the_turn_that_enables_a_hook_to_that_which_disables_it) {
  AsyncHook hook = listener();
  set_immediate([&] { hook.enable(); });
  loop().run_nowait();
  EXPECT_EQ(heard, "");
  set_immediate([&] { hook.disable(); });
  loop().run_nowait();
  EXPECT_EQ(heard, "(pq");
  loop().run_nowait();
  EXPECT_EQ(heard, "(pq");
}

TEST_F(LoopPhases, may_start_something_themselves) {
  bool ran = false;
  AsyncHook hook({.loop_phase = [&](LoopPhase phase) {
    if (phase == LoopPhase::poll_begins && !ran) next_tick([&] { ran = true; });
  }});
  hook.enable();
  set_immediate([] {});
  loop().run_nowait();
  EXPECT_TRUE(ran);
}

class ContextSwitches : public LoopTest {
 protected:
  AsyncHook listener() {
    return AsyncHook({.context_switch = [this] {
      const int* store = storage.get_store();
      heard += store ? std::to_string(*store) : "-";
    }});
  }
  AsyncLocalStorage<int> storage;
  std::string heard;
};

TEST_F(ContextSwitches, are_told_when_run_begins_and_ends) {
  AsyncHook hook = listener();
  hook.enable();
  storage.run(1, [&] { storage.run(2, [] {}); });
  EXPECT_EQ(heard, "121-");
}

TEST_F(ContextSwitches, are_told_around_callbacks) {
  storage.run(1, [&] { set_immediate([&] { heard += 'i'; }); });
  storage.run(2, [&] { next_tick([&] { heard += 't'; }); });
  AsyncHook hook = listener();
  hook.enable();
  loop().run();
  EXPECT_NE(heard.find("2t-"), std::string::npos) << heard;
  EXPECT_NE(heard.find("1i-"), std::string::npos) << heard;
}

TEST_F(ContextSwitches, are_not_told_where_the_context_stays_the_same) {
  set_immediate([] {});
  AsyncHook hook = listener();
  hook.enable();
  loop().run();
  AsyncResource("Thing").run_in_async_scope([] {});
  EXPECT_EQ(heard, "");
}

TEST_F(ContextSwitches, are_told_for_enter_with_and_snapshots) {
  const async_context::Snapshot nothing;
  AsyncHook hook = listener();
  hook.enable();
  storage.enter_with(3);
  nothing.run([] {});
  EXPECT_EQ(heard, "3-3");
}

TEST_F(ContextSwitches, of_the_hooks_own_are_not_told) {
  int calls = 0;
  AsyncHook hook({.context_switch = [&] {
    ++calls;
    storage.run(9, [] {});
  }});
  hook.enable();
  storage.run(1, [] {});
  EXPECT_EQ(calls, 2);
}

TEST_F(ContextSwitches, find_the_context_of_a_resource_in_its_init) {
  std::string seen;
  AsyncHook hook(
      {.init = [&](const ResourceInfo&) { seen += std::to_string(*storage.get_store()); }});
  hook.enable();
  storage.run(4, [] { set_timeout([] {}, 1ms); });
  EXPECT_EQ(seen, "4");
  loop().run();
}

}  // namespace
}  // namespace contrail
