// What Node's own tests say of promises: their ids, their hooks, and hooks that come and go.

#include <stdexcept>
#include <string>
#include <vector>

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
using ::testing::ElementsAre;

class PromiseHooks : public LoopTest {
 protected:
  /// Beside the ledger of each test: promises are not numbered until a hook of the test is enabled.
  void without_ids() {
    close_ledger();
    loop().run();
  }
};

TEST_F(PromiseHooks, see_every_promise_of_a_coroutine_settled_within_its_callback) {
  Lives lives({"PROMISE"});
  AsyncHook order({.after = [&](AsyncId id) {
    for (const testing::Activity& one : lives.recorder().activities()) {
      if (one.async_id == id) {
        EXPECT_EQ(one.resolves, 1u) << one.name;
      }
    }
  }});
  order.enable();
  auto wait = []() -> Promise<> { co_await sleep(1ms); };
  wait().then([] {}).detach();
  testing::FakeClock().run_until_idle();
  ASSERT_GT(lives.count("PROMISE"), 2u);
  for (const testing::Activity& one : lives.recorder().activities()) {
    EXPECT_EQ(one.resolves, 1u) << one.name;
    EXPECT_EQ(one.befores, one.afters) << one.name;
  }
}

TEST_F(PromiseHooks, see_the_first_callback_of_a_chain_in_its_second_promise) {
  Lives lives({"PROMISE"});
  Promise<> first([](Resolver<> resolver) { resolver.resolve(); });
  auto second = first.then([&] {
    EXPECT_EQ(lives.of("PROMISE", 1), "1/0/0/0");
    EXPECT_EQ(lives.of("PROMISE", 2), "1/1/0/0");
  });
  loop().run();
  EXPECT_EQ(lives.of("PROMISE", 1), "1/0/0/0");
  EXPECT_EQ(lives.of("PROMISE", 2), "1/1/1/0");
  EXPECT_THAT(lives.graph(), ElementsAre("PROMISE:1 by root", "PROMISE:2 by PROMISE:1"));
}

TEST_F(PromiseHooks, follow_the_triggers_of_a_promise_made_in_a_reaction) {
  Lives lives({"PROMISE"});
  auto first = Promise<>::resolve();
  auto second = first.then([&] {
    EXPECT_EQ(execution_async_id(), lives.id("PROMISE", 2));
    EXPECT_EQ(trigger_async_id(), lives.id("PROMISE", 1));
    Promise<>::resolve().detach();
  });
  loop().run();
  EXPECT_THAT(lives.graph(),
              ElementsAre("PROMISE:1 by root", "PROMISE:2 by PROMISE:1", "PROMISE:3 by PROMISE:2"));
  EXPECT_EQ(lives.of("PROMISE", 2).substr(0, 5), "1/1/1");
}

TEST_F(PromiseHooks, hear_of_a_parent_ahead_of_its_child) {
  Trace trace;
  auto first = Promise<>::resolve();
  auto second = first.then([] {});
  loop().run();
  EXPECT_EQ(trace.text(), "+P1(t=root) !P1 +P2(t=P1,e=root) >P2 !P2 <P2");
}

TEST_F(PromiseHooks, follow_the_triggers_of_an_await_and_of_a_then_on_its_coroutine) {
  Lives lives({"PROMISE"});
  auto run = []() -> Promise<> { co_await 1; };
  auto result = run();
  auto then = result.then([] {});
  EXPECT_THAT(lives.graph(), ElementsAre("PROMISE:1 by root", "PROMISE:2 by PROMISE:1",
                                         "PROMISE:3 by PROMISE:2", "PROMISE:4 by PROMISE:1"));
  loop().run();
}

TEST_F(PromiseHooks, find_the_promise_they_were_told_of_running) {
  std::vector<AsyncId> made;
  AsyncHook hook({.init = [&](const ResourceInfo& info) { made.push_back(info.async_id); },
                  .before =
                      [&](AsyncId id) {
                        EXPECT_EQ(id, made.back());
                        EXPECT_EQ(execution_async_resource().async_id, id);
                        EXPECT_EQ(execution_async_resource().type, "PROMISE");
                      }});
  hook.enable();
  Promise<>::resolve().then([] {}).detach();
  loop().run();
  EXPECT_EQ(made.size(), 2u);
}

TEST_F(PromiseHooks, that_track_promises_explicitly_hear_of_them) {
  int promises = 0;
  AsyncHook hook({.init = [&](const ResourceInfo& made) { promises += made.type == "PROMISE"; },
                  .track_promises = true});
  hook.enable();
  Promise<>::resolve().detach();
  EXPECT_EQ(promises, 1);
}

TEST_F(PromiseHooks, hear_of_settling_in_resolve_and_reject_and_in_both_shorthands) {
  loop().set_unhandled_rejections(UnhandledRejections::none);
  int settled = 0;
  AsyncHook hook({.promise_resolve = [&](AsyncId) { ++settled; }});
  hook.enable();
  const std::runtime_error error("no");
  Promise<> resolved([](Resolver<> resolver) { resolver.resolve(); });
  EXPECT_EQ(settled, 1);
  Promise<> rejected([&](Resolver<> resolver) { resolver.reject(error); });
  EXPECT_EQ(settled, 2);
  Promise<>::resolve().detach();
  EXPECT_EQ(settled, 3);
  Promise<>::reject(error).detach();
  EXPECT_EQ(settled, 4);
  loop().run();
}

TEST_F(PromiseHooks, disabled_in_the_last_reaction_of_three_leave_it_open) {
  Trace trace;
  auto parent = Promise<>::resolve();
  auto child = parent.then([] {});
  auto grandchild = child.then([&] { trace.stop(); });
  loop().run();
  EXPECT_EQ(trace.text(), "+P1(t=root) !P1 +P2(t=P1,e=root) +P3(t=P2,e=root) >P2 !P2 <P2 >P3");
}

TEST_F(PromiseHooks, hear_a_before_ahead_of_the_callback_and_an_after_behind_it) {
  std::string heard;
  AsyncHook hook(
      {.before = [&](AsyncId) { heard += '('; }, .after = [&](AsyncId) { heard += ')'; }});
  hook.enable();
  Promise<>::resolve()
      .then([&] { heard += "first"; })
      .then([&] { EXPECT_EQ(heard, "(first)("); })
      .detach();
  loop().run();
}

TEST_F(PromiseHooks, hear_of_a_rejection_that_nobody_handles_with_its_id) {
  Lives lives({"PROMISE"});
  AsyncId seen = no_async_id;
  loop().on_uncaught_exception([&](std::exception_ptr) { seen = execution_async_id(); });
  Promise<>::reject(std::runtime_error("no")).detach();
  loop().run();
  EXPECT_EQ(lives.count("PROMISE"), 1u);
  EXPECT_EQ(seen, lives.id("PROMISE"));
}

// --- Hooks that come late, and go.

TEST_F(PromiseHooks, enabled_after_a_then_see_an_unknown_id_run_once) {
  without_ids();
  auto promise = Promise<>::resolve().then([] {});
  Lives lives({"PROMISE"});
  loop().run();
  EXPECT_EQ(lives.recorder().activities().size(), 1u);
  EXPECT_EQ(lives.recorder().activities().front().inits, 0u);
  EXPECT_EQ(lives.recorder().activities().front().befores, 1u);
  EXPECT_EQ(lives.recorder().activities().front().afters, 1u);
}

TEST_F(PromiseHooks, enabled_after_a_then_may_be_disabled_in_its_after) {
  without_ids();
  std::string heard;
  auto promise = Promise<>::resolve().then([&] { heard += "callback "; });
  AsyncHook* self = nullptr;
  AsyncHook hook({.init = [&](const ResourceInfo&) { heard += "init "; },
                  .before = [&](AsyncId id) { heard += id > root_async_id ? "before " : "? "; },
                  .after =
                      [&](AsyncId) {
                        heard += "after";
                        self->disable();
                      }});
  self = &hook;
  hook.enable();
  loop().run();
  EXPECT_EQ(heard, "before callback after");
}

TEST_F(PromiseHooks, enabled_between_a_promise_and_its_then_give_both_an_id) {
  without_ids();
  auto parent = Promise<>::resolve();
  AsyncId child_id = no_async_id, trigger = no_async_id;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    child_id = made.async_id;
    trigger = made.trigger_async_id;
  }});
  hook.enable();
  Lives lives({"PROMISE"});
  auto child = parent.then([] {});
  loop().run();
  EXPECT_EQ(trigger, child_id - 1);
  EXPECT_EQ(lives.of("PROMISE").substr(0, 5), "1/1/1");
}

TEST_F(PromiseHooks, enabled_in_a_timer_that_settles_an_older_promise_see_its_reaction) {
  without_ids();
  int afters = 0;
  AsyncId in_timer = no_async_id, in_reaction = no_async_id;
  AsyncHook hook({.after = [&](AsyncId) { ++afters; }});
  auto [promise, resolver] = Promise<>::with_resolver();
  promise.then([&] { in_reaction = execution_async_id(); }).detach();
  set_timeout([&, &resolver = resolver] {
    hook.enable();
    in_timer = execution_async_id();
    resolver.resolve();
  });
  loop().run();
  EXPECT_GT(in_reaction, in_timer);
  EXPECT_EQ(afters, 2);
}

TEST_F(PromiseHooks, enabled_disabled_and_enabled_again_beside_another_number_promises) {
  without_ids();
  AsyncHook hook({.init = [](const ResourceInfo&) {}});
  AsyncHook other({.init = [](const ResourceInfo&) {}});
  hook.enable().disable().enable();
  other.enable();
  AsyncId ahead = no_async_id, behind = no_async_id;
  auto run = [&]() -> Promise<> {
    ahead = execution_async_id();
    co_await 1;
    behind = execution_async_id();
  };
  run().detach();
  loop().run();
  EXPECT_NE(behind, ahead);
  EXPECT_GT(behind, root_async_id);
}

TEST_F(PromiseHooks, disabled_in_a_reaction_hear_neither_its_after_nor_what_follows) {
  int inits = 0, befores = 0, afters = 0;
  AsyncHook hook({.init = [&](const ResourceInfo&) { ++inits; },
                  .before = [&](AsyncId) { ++befores; },
                  .after = [&](AsyncId) { ++afters; }});
  hook.enable();
  Promise<>::resolve()
      .then([&] {
        hook.disable();
        Promise<>::resolve().detach();
        next_tick([] {});
      })
      .detach();
  loop().run();
  EXPECT_EQ(inits, 2);
  EXPECT_EQ(befores, 1);
  EXPECT_EQ(afters, 0);
}

TEST_F(PromiseHooks, enabled_in_a_reaction_hear_its_after_and_all_of_what_it_makes) {
  without_ids();
  int inits = 0, afters = 0;
  AsyncHook hook(
      {.init = [&](const ResourceInfo&) { ++inits; }, .after = [&](AsyncId) { ++afters; }});
  Promise<>::resolve()
      .then([&] {
        hook.enable();
        next_tick([] {});
      })
      .detach();
  loop().run();
  EXPECT_EQ(inits, 1);
  EXPECT_EQ(afters, 2);
}

TEST_F(PromiseHooks, switched_on_and_off_in_a_chain_hear_of_what_is_made_in_between) {
  without_ids();
  int promises = 0;
  AsyncHook hook({.init = [&](const ResourceInfo& made) { promises += made.type == "PROMISE"; }});
  auto make = [] { Promise<>::resolve().detach(); };
  auto switched = [&] {
    hook.enable().enable();
    make();
    hook.disable().disable();
    make();
  };
  make();
  Promise<>::resolve().then(switched).then(switched).detach();
  loop().run();
  EXPECT_EQ(promises, 2);
}

TEST_F(PromiseHooks, lose_and_double_nothing_when_one_of_two_listens_to_destroy) {
  Trace trace;
  AsyncHook second({.init = [](const ResourceInfo&) {}, .destroy = [](AsyncId) {}});
  second.enable();
  auto run = []() -> Promise<int> { co_return Promise<int>::resolve(1); };
  auto result = run();
  loop().run();
  EXPECT_EQ(trace.text(), "+P1(t=root) +P2(t=root) !P2 >P1 +P3(t=P2,e=P1) <P1 >P3 !P1 !P3 <P3");
}

}  // namespace
}  // namespace contrail
