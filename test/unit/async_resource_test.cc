#include "contrail/async_resource.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "contrail/async_local_storage.h"
#include "contrail/timers.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

static_assert(sizeof(AsyncResource) <= 48);

class AsyncResources : public LoopTest {};

TEST_F(AsyncResources, are_numbered_from_two_upwards_by_one) {
  AsyncResource first("Thing");
  AsyncResource second("Thing");
  EXPECT_EQ(first.async_id(), 2u);
  EXPECT_EQ(second.async_id(), 3u);
}

TEST_F(AsyncResources, are_numbered_without_hooks_too) {
  close_ledger();
  AsyncResource first("Thing");
  EXPECT_EQ(AsyncResource("Thing").async_id(), first.async_id() + 1);
}

TEST_F(AsyncResources, know_their_type_whatever_becomes_of_the_text) {
  std::string name = "Temporary";
  AsyncResource resource(name);
  name = "overwritten";
  EXPECT_EQ(resource.type(), "Temporary");
}

TEST_F(AsyncResources, are_triggered_by_whoever_is_running) {
  AsyncResource outer("Outer");
  const AsyncId trigger =
      outer.run_in_async_scope([] { return AsyncResource("Inner").trigger_async_id(); });
  EXPECT_EQ(trigger, outer.async_id());
  EXPECT_EQ(outer.trigger_async_id(), root_async_id);
}

TEST_F(AsyncResources, accept_an_explicit_trigger_that_never_existed) {
  EXPECT_EQ(AsyncResource("Thing", {.trigger_async_id = 111}).trigger_async_id(), 111u);
}

TEST_F(AsyncResources, accept_zero_and_the_unassigned_id_as_triggers) {
  EXPECT_EQ(AsyncResource("Thing", {.trigger_async_id = 0}).trigger_async_id(), 0u);
  AsyncResource unassigned("Thing", {.trigger_async_id = unassigned_async_id});
  EXPECT_EQ(unassigned.trigger_async_id(), unassigned_async_id);
}

TEST_F(AsyncResources, refuse_triggers_that_node_cannot_count_to) {
  const AsyncId largest = (AsyncId{1} << 53) - 1;
  EXPECT_NO_THROW(AsyncResource("Thing", {.trigger_async_id = largest}));
  EXPECT_THROW(AsyncResource("Thing", {.trigger_async_id = largest + 1}), std::out_of_range);
}

TEST_F(AsyncResources, use_no_id_when_their_trigger_is_refused) {
  AsyncResource before("Thing");
  const AsyncId bad = AsyncId{1} << 53;
  EXPECT_THROW(AsyncResource("Thing", {.trigger_async_id = bad}), std::out_of_range);
  EXPECT_EQ(AsyncResource("Thing").async_id(), before.async_id() + 1);
}

TEST_F(AsyncResources, refuse_an_empty_type_while_a_hook_listens_to_init) {
  EXPECT_THROW(AsyncResource(""), std::invalid_argument);
}

TEST_F(AsyncResources, accept_an_empty_type_while_no_hook_listens_to_init) {
  close_ledger();
  EXPECT_EQ(AsyncResource("").type(), "");
}

TEST_F(AsyncResources, run_a_function_with_their_ids_and_return_its_result) {
  AsyncResource resource("Thing", {.trigger_async_id = 7});
  const int result = resource.run_in_async_scope(
      [&](int number) {
        EXPECT_EQ(execution_async_id(), resource.async_id());
        EXPECT_EQ(trigger_async_id(), 7u);
        return number + 1;
      },
      41);
  EXPECT_EQ(result, 42);
  EXPECT_EQ(execution_async_id(), root_async_id);
}

TEST_F(AsyncResources, return_references_as_references) {
  AsyncResource resource("Thing");
  int number = 1;
  int& same = resource.run_in_async_scope([&]() -> int& { return number; });
  EXPECT_EQ(&same, &number);
}

TEST_F(AsyncResources, emit_after_while_an_exception_passes) {
  Trace trace;
  AsyncResource outer("Outer");
  AsyncResource inner("Inner");
  auto fail = [] { throw std::runtime_error("no"); };
  trace.take();
  EXPECT_THROW(outer.run_in_async_scope([&] { inner.run_in_async_scope(fail); }),
               std::runtime_error);
  EXPECT_EQ(trace.take(), ">Outer1 >Inner1 <Inner1 <Outer1");
  EXPECT_EQ(execution_async_id(), root_async_id);
}

TEST_F(AsyncResources, may_be_entered_recursively) {
  Trace trace;
  AsyncResource resource("A");
  trace.take();
  resource.run_in_async_scope([&] { resource.run_in_async_scope([] {}); });
  EXPECT_EQ(trace.take(), ">A1 >A1 <A1 <A1");
}

TEST_F(AsyncResources, run_a_thousand_scopes_deep) {
  AsyncResource resource("Thing");
  auto descend = [&](auto& self, int depth) -> int {
    if (depth == 0) return static_cast<int>(execution_async_id());
    return resource.run_in_async_scope([&] { return self(self, depth - 1); });
  };
  EXPECT_EQ(descend(descend, 1000), static_cast<int>(resource.async_id()));
  EXPECT_EQ(execution_async_id(), root_async_id);
}

TEST_F(AsyncResources, restore_the_context_of_their_birth) {
  AsyncLocalStorage<int> storage;
  auto resource = storage.run(1, [] { return AsyncResource("Thing"); });
  EXPECT_EQ(storage.get_store(), nullptr);
  resource.run_in_async_scope([&] { EXPECT_EQ(*storage.get_store(), 1); });
  EXPECT_EQ(storage.get_store(), nullptr);
}

TEST_F(AsyncResources, discard_what_was_entered_inside) {
  AsyncLocalStorage<int> storage;
  AsyncResource resource("Thing");
  resource.run_in_async_scope([&] { storage.enter_with(2); });
  resource.run_in_async_scope([&] { EXPECT_EQ(storage.get_store(), nullptr); });
}

TEST_F(AsyncResources, show_hooks_the_context_of_the_caller) {
  AsyncLocalStorage<int> storage;
  std::string seen;
  AsyncHook hook({.before = [&](AsyncId) { seen += std::to_string(*storage.get_store()); },
                  .after = [&](AsyncId) { seen += std::to_string(*storage.get_store()); }});
  hook.enable();
  auto resource = storage.run(1, [] { return AsyncResource("Thing"); });
  storage.run(2, [&] { resource.run_in_async_scope([] {}); });
  EXPECT_EQ(seen, "22");
}

TEST_F(AsyncResources, without_context_after_releasing_it) {
  AsyncLocalStorage<std::shared_ptr<int>> storage;
  auto value = std::make_shared<int>(1);
  auto resource = storage.run(value, [] { return AsyncResource("Pooled"); });
  EXPECT_EQ(value.use_count(), 2);
  resource.release_context();
  EXPECT_EQ(value.use_count(), 1);
  resource.run_in_async_scope([&] { EXPECT_EQ(storage.get_store(), nullptr); });
}

TEST_F(AsyncResources, keep_their_context_alive_until_they_die) {
  AsyncLocalStorage<std::shared_ptr<int>> storage;
  auto value = std::make_shared<int>(1);
  {
    auto resource = storage.run(value, [] { return AsyncResource("Thing"); });
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST_F(AsyncResources, emit_destroy_when_they_die) {
  Trace trace;
  { AsyncResource resource("A"); }
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) xA1");
}

TEST_F(AsyncResources, emit_destroy_once_if_it_was_asked_for_ahead) {
  Trace trace;
  { AsyncResource("A").emit_destroy(); }
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) xA1");
}

TEST_F(AsyncResources, emit_destroy_as_often_as_asked) {
  Trace trace;
  AsyncResource("A").emit_destroy().emit_destroy();
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) xA1 xA1");
}

TEST_F(AsyncResources, may_run_after_destroy_was_asked_for_and_before_it_is_told) {
  Trace trace;
  AsyncResource resource("A");
  resource.emit_destroy();
  resource.run_in_async_scope([] {});
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) >A1 <A1 xA1");
}

TEST_F(AsyncResources, that_require_manual_destroy_die_silently) {
  close_ledger();
  Trace trace;
  { AsyncResource resource("A", {.require_manual_destroy = true}); }
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root)");
}

TEST_F(AsyncResources, that_require_manual_destroy_emit_it_when_asked) {
  Trace trace;
  AsyncResource("A", {.require_manual_destroy = true}).emit_destroy();
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) xA1");
}

TEST_F(AsyncResources, are_one_resource_wherever_they_are_moved) {
  Trace trace;
  {
    AsyncResource first("A");
    AsyncResource second = std::move(first);
    second.run_in_async_scope([] {});
  }
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) >A1 <A1 xA1");
}

TEST_F(AsyncResources, emit_destroy_when_another_takes_their_place) {
  Trace trace;
  AsyncResource resource("A");
  resource = AsyncResource("B");
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) +B1(t=root) xA1");
}

TEST_F(AsyncResources, may_be_assigned_to_after_they_were_moved_from) {
  AsyncResource first("A");
  AsyncResource second = std::move(first);
  first = AsyncResource("B");
  EXPECT_EQ(first.type(), "B");
}

TEST_F(AsyncResources, may_be_destroyed_by_the_function_they_run) {
  Trace trace;
  auto resource = std::make_unique<AsyncResource>("A");
  resource->run_in_async_scope([&] { resource.reset(); });
  loop().run();
  EXPECT_EQ(trace.text(), "+A1(t=root) >A1 <A1 xA1");
}

TEST_F(AsyncResources, may_be_moved_by_the_function_they_run) {
  AsyncResource resource("A");
  std::optional<AsyncResource> moved;
  resource.run_in_async_scope([&] { moved.emplace(std::move(resource)); });
  EXPECT_EQ(moved->type(), "A");
}

// --- bind

TEST_F(AsyncResources, bind_a_function_to_their_scope) {
  AsyncResource resource("A");
  auto bound = resource.bind([](int a, int b) { return std::pair(execution_async_id(), a + b); });
  EXPECT_EQ(bound(40, 2), std::pair(resource.async_id(), 42));
}

TEST_F(AsyncResources, bind_functions_that_outlive_them) {
  AsyncLocalStorage<int> storage;
  std::optional<AsyncResource> resource;
  storage.run(1, [&] { resource.emplace("A"); });
  auto bound = resource->bind([&] { return *storage.get_store(); });
  resource.reset();
  EXPECT_EQ(bound(), 1);
}

TEST_F(AsyncResources, bind_functions_that_keep_the_context_and_no_more) {
  AsyncLocalStorage<std::shared_ptr<int>> storage;
  auto value = std::make_shared<int>(1);
  {
    auto bound = storage.run(value, [] { return AsyncResource("A").bind([] {}); });
    EXPECT_EQ(value.use_count(), 2);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST_F(AsyncResources, bind_functions_that_can_be_called_without_their_loop) {
  auto bound = AsyncResource("A").bind([] { return 42; });
  destroy_loop();
  EXPECT_EQ(bound(), 42);
}

TEST_F(AsyncResources, bind_functions_that_own_what_they_like) {
  AsyncResource resource("A");
  auto bound = resource.bind([value = std::make_unique<int>(42)] { return *value; });
  Function<int()> stored = std::move(bound);
  EXPECT_EQ(stored(), 42);
}

TEST_F(AsyncResources, are_born_by_the_static_bind_and_die_with_its_function) {
  Trace trace;
  {
    auto bound = AsyncResource::bind([] {}, "Callback");
    bound();
    bound();
  }
  loop().run();
  EXPECT_EQ(trace.text(),
            "+Callback1(t=root) >Callback1 <Callback1 >Callback1 <Callback1 xCallback1");
}

TEST_F(AsyncResources, keep_their_type_when_they_outlive_their_loop) {
  close_ledger();
  auto bound = AsyncResource::bind([] { return execution_async_resource().type; }, "Callback");
  std::optional<AsyncResource> resource(std::in_place, "Thing");
  destroy_loop();
  EXPECT_EQ(bound(), "Callback");
  EXPECT_EQ(resource->type(), "Thing");
  std::string heard;
  Loop later;
  AsyncHook hook(
      {.before = [&](AsyncId) { heard = std::string(execution_async_resource().type); }});
  hook.enable();
  bound();
  EXPECT_EQ(heard, "Callback");
}

// --- Misuse.

using AsyncResourcesDeath = AsyncResources;

TEST_F(AsyncResourcesDeath, moved_from_say_so) {
  AsyncResource first("A");
  AsyncResource second = std::move(first);
  const char* sentence = "this AsyncResource was used after it was moved from";
  EXPECT_DEATH(first.run_in_async_scope([] {}), sentence);
  EXPECT_DEATH(first.bind([] {}), sentence);
}

TEST_F(AsyncResourcesDeath, cannot_be_made_without_a_loop) {
  destroy_loop();
  EXPECT_DEATH(AsyncResource("A"), "there is no Loop on this thread");
}

TEST_F(AsyncResourcesDeath, of_a_declared_kind_cannot_be_made_without_a_loop) {
  destroy_loop();
  EXPECT_DEATH(AsyncResource{resource_types::immediate}, "there is no Loop on this thread");
}

TEST_F(AsyncResourcesDeath, cannot_be_made_on_a_thread_without_a_loop) {
  EXPECT_DEATH(std::thread([] { AsyncResource("A"); }).join(), "there is no Loop on this thread");
}

TEST_F(AsyncResourcesDeath, are_not_run_on_a_thread_that_never_had_a_loop) {
  AsyncResource resource("A");
  const auto* sentence = "an AsyncResource \"A\", or a function bound to one, was used on a thread";
  EXPECT_DEATH(std::thread([&] { resource.run_in_async_scope([] {}); }).join(), sentence);
  EXPECT_DEATH(std::thread(resource.bind([] {})).join(), sentence);
}

TEST_F(AsyncResources, keep_their_context_although_a_hook_destroys_them_in_before) {
  AsyncLocalStorage<std::string> storage;
  std::optional<AsyncResource> resource;
  storage.run("kept", [&] { resource.emplace("MINE"); });
  AsyncHook meddler{{.before = [&](AsyncId) { resource.reset(); }}};
  meddler.enable();
  std::string seen;
  AsyncResource* running = &*resource;
  running->run_in_async_scope([&] { seen = *storage.get_store(); });
  EXPECT_EQ(seen, "kept");
}

}  // namespace
}  // namespace contrail
