// What Node's own tests say of resources and callbacks that an embedder makes.

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "lives.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class Embedders : public LoopTest {};

TEST_F(Embedders, run_a_resource_twice_and_destroy_it_by_the_next_immediate) {
  Lives lives({"Thing"});
  AsyncResource resource("Thing");
  resource.run_in_async_scope([&] { EXPECT_EQ(lives.of("Thing"), "1/1/0/0"); });
  EXPECT_EQ(lives.of("Thing"), "1/1/1/0");
  resource.run_in_async_scope([&] { EXPECT_EQ(lives.of("Thing"), "1/2/1/0"); });
  resource.emit_destroy();
  EXPECT_EQ(lives.of("Thing"), "1/2/2/0");
  set_immediate([&] { EXPECT_EQ(lives.of("Thing"), "1/2/2/1"); });
  loop().run();
}

TEST_F(Embedders, destroy_in_silence_once_the_hook_is_disabled) {
  close_ledger();
  Trace trace;
  AsyncResource resource("Thing"), other("Thing");
  trace.take();
  trace.stop();
  resource.emit_destroy();
  other.emit_destroy();
  loop().run();
  EXPECT_EQ(trace.text(), "");
}

TEST_F(Embedders, destroy_one_resource_before_each_of_five_immediates) {
  Lives lives({"Thing"});
  std::vector<AsyncResource> resources;
  auto destroy_one = [&](auto& self) -> void {
    resources.emplace_back("Thing").emit_destroy();
    EXPECT_EQ(lives.of("Thing", resources.size()), "1/0/0/0");
    set_immediate([&] {
      EXPECT_EQ(lives.of("Thing", resources.size()), "1/0/0/1");
      if (resources.size() < 5) self(self);
    });
  };
  destroy_one(destroy_one);
  loop().run();
  EXPECT_EQ(resources.size(), 5u);
}

TEST_F(Embedders, nest_a_thousand_resources_each_with_its_own_ids) {
  auto descend = [](auto& self, int depth) -> void {
    if (depth == 0) return;
    AsyncResource resource("Thing");
    auto check = [&] {
      EXPECT_EQ(execution_async_id(), resource.async_id());
      EXPECT_EQ(trigger_async_id(), resource.trigger_async_id());
    };
    resource.run_in_async_scope([&] {
      check();
      self(self, depth - 1);
      check();
    });
  };
  descend(descend, 1000);
  EXPECT_EQ(execution_async_id(), root_async_id);
}

TEST_F(Embedders, bind_a_function_to_a_new_resource_or_to_one_they_have) {
  AsyncResource resource("Thing");
  auto as_new = AsyncResource::bind([] { return execution_async_id(); }, "Bound");
  auto as_old = resource.bind([](int, int) { return execution_async_id(); });
  EXPECT_GT(as_new(), resource.async_id());
  EXPECT_EQ(as_old(1, 2), resource.async_id());
}

TEST_F(Embedders, may_enter_a_scope_with_and_without_hooks) {
  close_ledger();
  AsyncResource resource("Thing");
  resource.run_in_async_scope([] {});
  std::vector<AsyncId> ids;
  AsyncHook hook({.before = [&](AsyncId id) { ids.push_back(id); },
                  .after = [&](AsyncId id) { ids.push_back(id); }});
  hook.enable();
  resource.run_in_async_scope([] {});
  EXPECT_THAT(ids, ::testing::ElementsAre(resource.async_id(), resource.async_id()));
}

TEST_F(Embedders, learn_the_same_ids_from_functions_and_from_the_running_resource) {
  auto check = [] {
    EXPECT_EQ(execution_async_id(), execution_async_resource().async_id);
    EXPECT_EQ(trigger_async_id(), execution_async_resource().trigger_async_id);
  };
  check();
  next_tick(check);
  loop().run();
}

TEST_F(Embedders, make_six_resources_of_any_trigger_and_type) {
  Lives lives({"tëst"});
  {
    std::vector<AsyncResource> resources;
    for (int i = 0; i < 3; ++i) resources.emplace_back("tëst");
    for (int i = 0; i < 3; ++i) {
      resources.emplace_back("tëst", ResourceOptions{.trigger_async_id = 12345});
    }
    for (AsyncResource& resource : resources) {
      EXPECT_GT(resource.async_id(), root_async_id);
      EXPECT_EQ(resource.run_in_async_scope([] { return execution_async_id(); }),
                resource.async_id());
    }
    EXPECT_EQ(resources.front().trigger_async_id(), root_async_id);
    EXPECT_EQ(resources.back().trigger_async_id(), 12345u);
  }
  set_immediate([&] { EXPECT_EQ(lives.of("tëst", 6), "1/1/1/1"); });
  loop().run();
  EXPECT_EQ(lives.count("tëst"), 6u);
}

TEST_F(Embedders, keep_a_resource_until_they_destroy_it) {
  Lives lives({"Thing"});
  const int details = 42;
  auto resource =
      std::make_unique<AsyncResource>("Thing", ResourceOptions{.details = AnyRef::to(details)});
  resource->run_in_async_scope(
      [&] { EXPECT_EQ(execution_async_resource().details.as<int>(), &details); });
  set_immediate([&] {
    EXPECT_EQ(execution_async_resource().details.as<int>(), nullptr);
    EXPECT_EQ(lives.of("Thing"), "1/1/1/0");
    resource.reset();
    EXPECT_EQ(lives.of("Thing"), "1/1/1/0");
    set_immediate([&] { EXPECT_EQ(lives.of("Thing"), "1/1/1/1"); });
  });
  loop().run();
}

// --- Callbacks of the loop's.

TEST_F(Embedders, enclose_a_callback_in_before_and_after_and_drain_behind_it) {
  Trace trace;
  AsyncResource resource("Thing");
  trace.take();
  loop().make_callback(resource, [&] {
    EXPECT_EQ(execution_async_id(), resource.async_id());
    next_tick([&] { trace.note("tick"); });
    trace.note("callback");
  });
  EXPECT_EQ(trace.take(), ">Thing1 +Tick1(t=Thing1) [callback] <Thing1 >Tick1 [tick] <Tick1");
  loop().run();
}

TEST_F(Embedders, destroy_the_resource_of_a_callback_by_the_next_immediate) {
  Lives lives({"Thing"});
  loop().make_callback(AsyncResource("Thing"), [&] { EXPECT_EQ(lives.of("Thing"), "1/1/0/0"); });
  EXPECT_EQ(lives.of("Thing"), "1/1/1/0");
  set_immediate([&] { EXPECT_EQ(lives.of("Thing"), "1/1/1/1"); });
  loop().run();
}

TEST_F(Embedders, settle_a_promise_in_a_callback_and_have_its_reactions_run) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  int value = 0;
  promise.then([&](int given) { value = given; }).detach();
  AsyncResource resource("Thing");
  loop().make_callback(resource, [&resolver = resolver] { resolver.resolve(42); });
  EXPECT_EQ(value, 42);
}

TEST_F(Embedders, have_exceptions_of_a_callback_delivered_to_the_handler) {
  std::string caught;
  loop().on_uncaught_exception([&](std::exception_ptr error) {
    try {
      std::rethrow_exception(std::move(error));
    } catch (const std::exception& exception) {
      caught = exception.what();
    }
  });
  AsyncResource resource("Thing");
  int called = 0;
  loop().make_callback(resource, [&] { ++called; });
  loop().make_callback(resource, [] { throw std::runtime_error("no"); });
  EXPECT_EQ(called, 1);
  EXPECT_EQ(caught, "no");
  loop().run();
}

/// One callback inside another: only the outermost one drains.
class NestedCallbacks : public Embedders {
 protected:
  void note(int number) { order += std::to_string(number); }
  void nested(int number) {
    loop().make_callback(*resource, [this, number] { note(number); });
  }
  void program() {
    Promise<>::resolve().then([this] { note(7); }).detach();
    next_tick([this] {
      note(3);
      nested(4);
      note(5);
      next_tick([this] { note(6); });
    });
    note(0);
    nested(1);
    note(2);
  }
  void TearDown() override {
    resource.reset();
    Embedders::TearDown();
  }
  std::optional<AsyncResource> resource{"Thing"};
  std::string order;
};

TEST_F(NestedCallbacks, drain_when_the_outermost_ends) {
  loop().make_callback(*resource, [&] { program(); });
  EXPECT_EQ(order, "01234567");
}

TEST_F(NestedCallbacks, drain_when_the_timer_around_them_ends) {
  set_timeout([&] { program(); });
  loop().run();
  EXPECT_EQ(order, "01234567");
}

TEST_F(NestedCallbacks, drain_when_the_immediate_around_them_ends) {
  set_immediate([&] { program(); });
  loop().run();
  EXPECT_EQ(order, "01234567");
}

}  // namespace
}  // namespace contrail
