#include "contrail/async_hook.h"

#include <stdexcept>
#include <string>
#include <thread>

#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

/// Hooks that write a letter into `heard`, and a way to make an event of each kind.
class AsyncHooks : public LoopTest {
 protected:
  AsyncHook on_init(char letter) {
    return AsyncHook({.init = [this, letter](const ResourceInfo&) { heard += letter; }});
  }
  static void make() { AsyncResource{"Thing"}; }
  static void enter() {
    AsyncResource("Thing").run_in_async_scope([] {});
  }

  std::string heard;
};

TEST_F(AsyncHooks, hear_nothing_before_they_are_enabled) {
  AsyncHook hook = on_init('a');
  make();
  EXPECT_EQ(heard, "");
  EXPECT_FALSE(hook.enabled());
}

TEST_F(AsyncHooks, hear_the_whole_life_of_a_resource) {
  Trace trace;
  enter();
  loop().run();
  EXPECT_EQ(trace.text(), "+Thing1(t=root) >Thing1 <Thing1 xThing1");
}

TEST_F(AsyncHooks, are_told_the_type_trigger_and_details) {
  const int details = 42;
  std::string type;
  int seen = 0;
  AsyncId trigger = 0;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    type = made.type;
    trigger = made.trigger_async_id;
    seen = *made.details.as<int>();
  }});
  hook.enable();
  AsyncResource resource("Thing", {.trigger_async_id = 7, .details = AnyRef::to(details)});
  EXPECT_EQ(type, "Thing");
  EXPECT_EQ(trigger, 7u);
  EXPECT_EQ(seen, 42);
}

TEST_F(AsyncHooks, hear_nothing_more_once_disabled) {
  AsyncHook hook = on_init('a');
  hook.enable();
  make();
  hook.disable();
  make();
  EXPECT_EQ(heard, "a");
}

TEST_F(AsyncHooks, may_be_enabled_and_disabled_twice) {
  AsyncHook hook = on_init('a');
  hook.enable().enable();
  make();
  hook.disable().disable();
  make();
  EXPECT_EQ(heard, "a");
}

TEST_F(AsyncHooks, without_callbacks_may_be_enabled) {
  AsyncHook hook({});
  hook.enable();
  make();
  EXPECT_TRUE(hook.enabled());
}

TEST_F(AsyncHooks, are_called_in_the_order_of_their_last_enabling) {
  AsyncHook a = on_init('a');
  AsyncHook b = on_init('b');
  a.enable();
  b.enable();
  make();
  a.disable().enable();
  make();
  EXPECT_EQ(heard, "abba");
}

TEST_F(AsyncHooks, stay_in_place_when_enabled_again_without_a_disable) {
  AsyncHook a = on_init('a');
  AsyncHook b = on_init('b');
  a.enable();
  b.enable();
  a.enable();
  make();
  EXPECT_EQ(heard, "ab");
}

TEST_F(AsyncHooks, are_disabled_by_their_destructor) {
  {
    AsyncHook hook = on_init('a');
    hook.enable();
  }
  make();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, stay_enabled_when_they_are_moved) {
  AsyncHook hook = on_init('a');
  hook.enable();
  AsyncHook moved = std::move(hook);
  make();
  EXPECT_EQ(heard, "a");
  EXPECT_TRUE(moved.enabled());
  EXPECT_FALSE(hook.enabled());  // NOLINT(bugprone-use-after-move)
}

TEST_F(AsyncHooks, are_disabled_when_another_takes_their_place) {
  AsyncHook hook = on_init('a');
  hook.enable();
  hook = on_init('b');
  make();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, refuse_promise_resolve_without_tracking_promises) {
  HookCallbacks callbacks{.promise_resolve = [](AsyncId) {}, .track_promises = false};
  EXPECT_THROW(AsyncHook(std::move(callbacks)), std::invalid_argument);
}

TEST_F(AsyncHooks, without_track_promises_hear_of_no_promise) {
  AsyncHook hook({.init = [this](const ResourceInfo& made) { heard += made.type; },
                  .before = [this](AsyncId) { heard += '>'; },
                  .destroy = [this](AsyncId) { heard += 'x'; },
                  .track_promises = false});
  hook.enable();
  Promise<>::resolve().then([] {}).detach();
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, that_all_ignore_promises_leave_them_without_ids) {
  close_ledger();
  loop().run();  // Promises are let go of in a microtask.
  AsyncHook hook({.init = [](const ResourceInfo&) {}, .track_promises = false});
  hook.enable();
  EXPECT_EQ(Promise<>::resolve().async_id(), no_async_id);
}

TEST_F(AsyncHooks, live_on_disabled_when_their_loop_is_gone) {
  AsyncHook hook = on_init('a');
  hook.enable();
  destroy_loop();
  EXPECT_FALSE(hook.enabled());
  hook.disable();
}

TEST_F(AsyncHooks, may_be_enabled_on_a_later_loop) {
  AsyncHook hook = on_init('a');
  hook.enable();
  destroy_loop();
  Loop later;
  hook.enable();
  make();
  EXPECT_EQ(heard, "a");
}

// --- Where the ids stand inside the callbacks.

TEST_F(AsyncHooks, run_init_with_the_ids_of_the_creator) {
  AsyncId execution = 99;
  AsyncHook hook({.init = [&](const ResourceInfo&) { execution = execution_async_id(); }});
  hook.enable();
  make();
  EXPECT_EQ(execution, root_async_id);
}

TEST_F(AsyncHooks, run_before_and_after_with_the_ids_of_the_resource) {
  bool same = true;
  AsyncHook hook({.before = [&](AsyncId id) { same = same && execution_async_id() == id; },
                  .after = [&](AsyncId id) { same = same && execution_async_id() == id; }});
  hook.enable();
  enter();
  EXPECT_TRUE(same);
}

TEST_F(AsyncHooks, run_destroy_as_nobody) {
  AsyncId execution = 99;
  AsyncHook hook({.destroy = [&](AsyncId) { execution = execution_async_id(); }});
  hook.enable();
  make();
  loop().run();
  EXPECT_EQ(execution, no_async_id);
}

TEST_F(AsyncHooks, run_promise_resolve_as_whoever_resolves) {
  AsyncId execution = 99;
  AsyncHook hook({.promise_resolve = [&](AsyncId) { execution = execution_async_id(); }});
  hook.enable();
  AsyncResource resource("Thing");
  resource.run_in_async_scope([] { Promise<>::resolve().detach(); });
  EXPECT_EQ(execution, resource.async_id());
}

TEST_F(AsyncHooks, hear_of_what_their_own_callbacks_make) {
  int depth = 0;
  AsyncHook hook({.init = [&](const ResourceInfo&) {
    if (++depth < 3) make();
  }});
  hook.enable();
  make();
  EXPECT_EQ(depth, 3);
}

TEST_F(AsyncHooks, make_resources_without_a_trigger_inside_destroy) {
  AsyncId trigger = 99;
  AsyncHook hook({.destroy = [&](AsyncId) {
    if (trigger == 99) trigger = AsyncResource("Late").trigger_async_id();
  }});
  hook.enable();
  make();
  loop().run();
  EXPECT_EQ(trigger, no_async_id);
}

// --- The set of hooks is frozen while an event is delivered.

TEST_F(AsyncHooks, enabled_in_an_init_miss_it_and_all_that_nest_in_it) {
  AsyncHook b = on_init('b');
  bool nested = false;
  AsyncHook a({.init = [&](const ResourceInfo&) {
    heard += 'a';
    b.enable();
    if (!std::exchange(nested, true)) make();
  }});
  a.enable();
  make();
  heard += ' ';
  make();
  EXPECT_EQ(heard, "aa ab");
}

TEST_F(AsyncHooks, disabled_in_an_init_still_hear_it_and_all_that_nest_in_it) {
  AsyncHook b = on_init('b');
  bool nested = false;
  AsyncHook a({.init = [&](const ResourceInfo&) {
    heard += 'a';
    b.disable();
    if (!std::exchange(nested, true)) make();
  }});
  a.enable();
  b.enable();
  make();
  heard += ' ';
  make();
  EXPECT_EQ(heard, "aabb a");
}

TEST_F(AsyncHooks, that_disable_themselves_still_hear_what_nests_in_the_event) {
  AsyncHook* self = nullptr;
  bool nested = false;
  AsyncHook a({.init = [&](const ResourceInfo&) {
    heard += 'a';
    self->disable();
    if (!std::exchange(nested, true)) make();
  }});
  self = &a;
  a.enable();
  make();
  make();
  EXPECT_EQ(heard, "aa");
}

TEST_F(AsyncHooks, enabled_in_a_before_hear_the_after_and_the_destroy) {
  AsyncHook b({.init = [this](const ResourceInfo&) { heard += '+'; },
               .before = [this](AsyncId) { heard += '>'; },
               .after = [this](AsyncId) { heard += '<'; },
               .destroy = [this](AsyncId) { heard += 'x'; }});
  AsyncHook a({.before = [&](AsyncId) { b.enable(); }});
  a.enable();
  enter();
  loop().run();
  EXPECT_EQ(heard, "<x");
}

TEST_F(AsyncHooks, disabled_in_an_after_do_not_hear_the_destroy) {
  AsyncHook* self = nullptr;
  AsyncHook hook(
      {.after = [&](AsyncId) { self->disable(); }, .destroy = [this](AsyncId) { heard += 'x'; }});
  self = &hook;
  hook.enable();
  enter();
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, enabled_in_an_init_do_not_hear_a_scope_that_runs_inside_it) {
  AsyncHook b({.before = [this](AsyncId) { heard += '>'; }});
  bool nested = false;
  AsyncHook a({.init = [&](const ResourceInfo&) {
    b.enable();
    if (!std::exchange(nested, true)) enter();
  }});
  a.enable();
  make();
  EXPECT_EQ(heard, "");
  enter();
  EXPECT_EQ(heard, ">");
}

TEST_F(AsyncHooks, destroyed_in_an_init_do_not_even_hear_the_rest_of_it) {
  auto b = std::make_unique<AsyncHook>(on_init('b'));
  AsyncHook a({.init = [&](const ResourceInfo&) { b.reset(); }});
  a.enable();
  b->enable();
  make();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, disabled_and_destroyed_in_an_init_do_not_hear_the_rest_of_it) {
  auto b = std::make_unique<AsyncHook>(on_init('b'));
  AsyncHook a({.init = [&](const ResourceInfo&) {
    if (b) b->disable();
    b.reset();
  }});
  a.enable();
  b->enable();
  make();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, may_destroy_themselves_in_their_own_callback) {
  std::optional<AsyncHook> hook;
  hook.emplace(HookCallbacks{.init = [&, text = std::string("once")](const ResourceInfo&) {
    hook.reset();
    heard += text;
  }});
  hook->enable();
  make();
  make();
  EXPECT_EQ(heard, "once");
}

TEST_F(AsyncHooks, enabled_and_disabled_within_one_event_never_hear_anything) {
  AsyncHook b = on_init('b');
  AsyncHook a({.init = [&](const ResourceInfo&) { b.enable().disable(); }});
  a.enable();
  make();
  make();
  EXPECT_EQ(heard, "");
}

// --- Events are neither retroactive nor kept.

TEST_F(AsyncHooks, enabled_inside_a_tick_hear_its_after_and_destroy) {
  std::optional<Trace> trace;
  AsyncId tick = 0;
  next_tick([&] {
    tick = execution_async_id();
    trace.emplace();
  });
  loop().run();
  const std::string id = "#" + std::to_string(tick);
  EXPECT_EQ(trace->text(), "<" + id + " x" + id);
}

TEST_F(AsyncHooks, enabled_inside_a_reaction_hear_the_after_of_its_promise) {
  std::optional<Trace> trace;
  const auto source = Promise<>::resolve();
  const auto promise = source.then([&] { trace.emplace(); });
  loop().run();
  const std::string id = "#" + std::to_string(promise.async_id());
  EXPECT_EQ(trace->take(), "!" + id + " <" + id);
}

TEST_F(AsyncHooks, enabled_late_give_a_parent_its_id_before_the_child) {
  close_ledger();
  loop().run();
  auto parent = Promise<>::resolve();
  EXPECT_EQ(parent.async_id(), no_async_id);
  AsyncHook hook = on_init('a');
  hook.enable();
  auto child = parent.then([] {});
  EXPECT_EQ(child.async_id(), parent.async_id() + 1);
  loop().run();
}

TEST_F(AsyncHooks, disabled_inside_a_callback_do_not_hear_its_after) {
  AsyncHook hook(
      {.before = [this](AsyncId) { heard += '>'; }, .after = [this](AsyncId) { heard += '<'; }});
  hook.enable();
  AsyncResource("Thing").run_in_async_scope([&] { hook.disable(); });
  EXPECT_EQ(heard, ">");
  EXPECT_EQ(execution_async_id(), root_async_id);
}

// --- destroy is queued.

TEST_F(AsyncHooks, never_hear_a_destroy_synchronously) {
  AsyncHook hook({.destroy = [this](AsyncId) { heard += 'x'; }});
  hook.enable();
  make();
  EXPECT_EQ(heard, "");
  loop().run();
  EXPECT_EQ(heard, "x");
}

TEST_F(AsyncHooks, hear_destroys_after_ticks_and_microtasks_and_before_immediates) {
  Trace trace;
  set_immediate([&] { trace.note("immediate"); });
  next_tick([&] { trace.note("tick"); });
  queue_microtask([&] { trace.note("microtask"); });
  make();
  trace.take();
  loop().run();
  const std::string& text = trace.text();
  EXPECT_LT(text.find("[tick]"), text.find("[microtask]"));
  EXPECT_LT(text.find("[microtask]"), text.find("xThing1"));
  EXPECT_LT(text.find("xThing1"), text.find("[immediate]"));
}

TEST_F(AsyncHooks, hear_destroys_queued_by_a_destroy_in_the_same_flush) {
  Trace trace;
  AsyncHook hook({.destroy = [done = false](AsyncId) mutable {
    if (!std::exchange(done, true)) make();
  }});
  hook.enable();
  make();
  set_immediate([] {});
  loop().run();
  EXPECT_EQ(trace.text(),
            "+Thing1(t=root) +Imm1(t=root) xThing1 +Thing2(t=0) xThing2 "
            ">Imm1 <Imm1 xImm1");
}

TEST_F(AsyncHooks, that_make_a_resource_of_every_destroy_do_not_hold_the_loop_up) {
  close_ledger();
  AsyncHook hook({.destroy = [](AsyncId) { make(); }});
  hook.enable();
  make();
  set_immediate([this] { heard = "immediate"; });
  loop().run();
  EXPECT_EQ(heard, "immediate");
}

TEST_F(AsyncHooks, never_hear_a_destroy_that_was_due_while_none_listened_to_them) {
  close_ledger();
  make();
  AsyncHook hook({.destroy = [this](AsyncId) { heard += 'x'; }});
  hook.enable();
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, enabled_between_queueing_and_delivery_hear_the_destroy) {
  make();  // The ledger listens.
  AsyncHook hook({.destroy = [this](AsyncId) { heard += 'x'; }});
  hook.enable();
  loop().run();
  EXPECT_EQ(heard, "x");
}

TEST_F(AsyncHooks, disabled_between_queueing_and_delivery_do_not_hear_the_destroy) {
  AsyncHook hook({.destroy = [this](AsyncId) { heard += 'x'; }});
  hook.enable();
  make();
  hook.disable();
  loop().run();
  EXPECT_EQ(heard, "");
}

TEST_F(AsyncHooks, hear_more_than_16384_destroys_without_waiting_for_the_microtasks_to_end) {
  int destroyed = 0;
  AsyncHook hook({.destroy = [&](AsyncId) { ++destroyed; }});
  hook.enable();
  for (int i = 0; i < 16385; ++i) make();
  int when_microtask_ran = -1;
  queue_microtask([&] { when_microtask_ran = destroyed; });
  loop().run();
  EXPECT_EQ(when_microtask_ran, 16385);
}

TEST_F(AsyncHooks, are_not_what_keeps_the_loop_alive) {
  make();
  EXPECT_FALSE(uv_loop_alive(loop().native()));
  loop().run();
}

TEST_F(AsyncHooks, hear_pending_destroys_when_the_loop_goes) {
  AsyncHook hook({.destroy = [this](AsyncId) { heard += 'x'; }});
  hook.enable();
  make();
  destroy_loop();
  EXPECT_EQ(heard, "x");
}

TEST_F(AsyncHooks, may_make_timers_of_the_destroys_of_a_loop_that_goes) {
  auto held = std::make_shared<int>(1);
  AsyncHook hook({.destroy = [held, made = false](AsyncId) mutable {
    if (!std::exchange(made, true)) set_timeout([held] {}, 1h);
  }});
  hook.enable();
  make();
  destroy_loop();
  EXPECT_EQ(held.use_count(), 2);
}

TEST_F(AsyncHooks, that_make_a_timer_of_every_destroy_do_not_hold_a_loop_that_goes) {
  close_ledger();
  AsyncHook hook({.destroy = [this](AsyncId) {
    heard = "x";
    set_timeout([] {}, 1h);
  }});
  hook.enable();
  make();
  destroy_loop();
  EXPECT_EQ(heard, "x");
}

TEST_F(AsyncHooks, that_make_a_resource_of_every_destroy_do_not_hold_a_loop_that_goes) {
  close_ledger();
  AsyncHook hook({.destroy = [this](AsyncId) {
    heard = "x";
    make();
  }});
  hook.enable();
  make();
  destroy_loop();
  EXPECT_EQ(heard, "x");
}

}  // namespace
}  // namespace contrail
