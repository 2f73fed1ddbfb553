// Hooks that throw end the process; misuse of a hook is refused in one sentence.

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>

#include "contrail/async_hook.h"
#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "loop_test.h"

namespace contrail {
namespace {

class AsyncHooksDeath : public LoopTest {
 protected:
  /// Does each of the five things once.
  void live_a_life() {
    AsyncResource resource("DbQuery");
    resource.run_in_async_scope([] {});
    const auto promise = Promise<>::resolve();
    resource.emit_destroy();
    loop().run();
  }
  [[noreturn]] static void fail() { throw std::runtime_error("out of cheese"); }
};

TEST_F(AsyncHooksDeath, a_throwing_init_ends_the_process) {
  AsyncHook hook({.init = [](const ResourceInfo&) { fail(); }});
  hook.enable();
  EXPECT_EXIT(live_a_life(), ::testing::ExitedWithCode(1), "init of DbQuery 2: out of cheese");
}

TEST_F(AsyncHooksDeath, a_throwing_before_ends_the_process) {
  AsyncHook hook({.before = [](AsyncId) { fail(); }});
  hook.enable();
  EXPECT_EXIT(live_a_life(), ::testing::ExitedWithCode(1), "before of DbQuery 2: out of cheese");
}

TEST_F(AsyncHooksDeath, a_throwing_after_ends_the_process) {
  AsyncHook hook({.after = [](AsyncId) { fail(); }});
  hook.enable();
  EXPECT_EXIT(live_a_life(), ::testing::ExitedWithCode(1), "after of DbQuery 2: out of cheese");
}

TEST_F(AsyncHooksDeath, a_throwing_destroy_ends_the_process) {
  AsyncHook hook({.destroy = [](AsyncId) { fail(); }});
  hook.enable();
  EXPECT_EXIT(live_a_life(), ::testing::ExitedWithCode(1), "destroy of .* 2: out of cheese");
}

TEST_F(AsyncHooksDeath, a_throwing_promise_resolve_ends_the_process) {
  AsyncHook hook({.promise_resolve = [](AsyncId) { fail(); }});
  hook.enable();
  EXPECT_EXIT(live_a_life(), ::testing::ExitedWithCode(1),
              "promise_resolve of PROMISE 3: out of cheese");
}

TEST_F(AsyncHooksDeath, a_hook_that_throws_no_exception_object_ends_the_process) {
  AsyncHook hook({.init = [](const ResourceInfo&) { throw 42; }});
  hook.enable();
  EXPECT_EXIT(live_a_life(), ::testing::ExitedWithCode(1), "init of DbQuery 2: something");
}

TEST_F(AsyncHooksDeath, a_hook_that_throws_no_exception_object_does_so_from_each_of_its_callbacks) {
  auto fail = [](AsyncId) { throw nullptr; };
  auto expect_death = [&](HookCallbacks callbacks, const char* event) {
    AsyncHook hook(std::move(callbacks));
    hook.enable();
    EXPECT_EXIT(live_a_life(), ::testing::ExitedWithCode(1), event);
  };
  expect_death({.before = fail}, "before of DbQuery 2: something");
  expect_death({.after = fail}, "after of DbQuery 2: something");
  expect_death({.destroy = fail}, "destroy of .* 2: something");
  expect_death({.promise_resolve = fail}, "promise_resolve of PROMISE 3: something");
}

TEST_F(AsyncHooksDeath, a_throwing_hook_cannot_be_caught_around_the_operation) {
  AsyncHook hook({.init = [](const ResourceInfo&) { fail(); }});
  hook.enable();
  auto caught = [] {
    try {
      AsyncResource("Thing");
    } catch (const std::exception&) {
    }
  };
  EXPECT_EXIT(caught(), ::testing::ExitedWithCode(1), "out of cheese");
}

TEST_F(AsyncHooksDeath, hooks_after_the_one_that_threw_are_not_called) {
  AsyncHook first({.init = [](const ResourceInfo&) { fail(); }});
  AsyncHook second({.init = [](const ResourceInfo&) { std::_Exit(42); }});
  first.enable();
  second.enable();
  EXPECT_EXIT(AsyncResource("Thing"), ::testing::ExitedWithCode(1), "out of cheese");
}

TEST_F(AsyncHooksDeath, a_hook_that_was_moved_from_says_so) {
  AsyncHook hook({});
  AsyncHook moved = std::move(hook);
  EXPECT_DEATH(hook.enable(), "this AsyncHook was used after it was moved from");
  EXPECT_DEATH(hook.disable(), "this AsyncHook was used after it was moved from");
}

TEST_F(AsyncHooksDeath, a_hook_cannot_be_enabled_without_a_loop) {
  destroy_loop();
  AsyncHook hook({});
  EXPECT_DEATH(hook.enable(), "there is no Loop on this thread");
}

TEST_F(AsyncHooksDeath, a_hook_cannot_be_disabled_on_another_thread) {
  AsyncHook hook({});
  hook.enable();
  EXPECT_DEATH(std::thread([&] { hook.disable(); }).join(), "on a thread other than its Loop's");
}

}  // namespace
}  // namespace contrail
