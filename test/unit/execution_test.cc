#include "contrail/execution.h"

#include <memory>
#include <thread>

#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/thread_pool.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

class Execution : public LoopTest {};

TEST_F(Execution, is_the_root_beside_the_loop) {
  EXPECT_EQ(execution_async_id(), root_async_id);
  EXPECT_EQ(trigger_async_id(), no_async_id);
}

TEST_F(Execution, is_nobody_on_a_thread_without_a_loop) {
  AsyncId id = 99;
  std::thread([&] { id = execution_async_id(); }).join();
  EXPECT_EQ(id, no_async_id);
}

TEST_F(Execution, is_nobody_once_the_loop_is_gone) {
  destroy_loop();
  EXPECT_EQ(execution_async_id(), no_async_id);
}

TEST_F(Execution, is_the_running_callback_caused_by_its_creator) {
  AsyncId execution = 0, trigger = 0;
  const Immediate immediate = set_immediate([&] {
    execution = execution_async_id();
    trigger = trigger_async_id();
  });
  loop().run();
  EXPECT_EQ(execution, immediate.async_id());
  EXPECT_EQ(trigger, root_async_id);
}

TEST_F(Execution, is_the_root_again_after_the_loop_has_run) {
  set_immediate([] {});
  loop().run();
  EXPECT_EQ(execution_async_id(), root_async_id);
}

TEST_F(Execution, is_nobody_in_what_was_posted) {
  AsyncId id = 99;
  loop().post([&] { id = execution_async_id(); });
  loop().run();
  EXPECT_EQ(id, no_async_id);
}

TEST_F(Execution, is_the_promise_in_its_reaction) {
  AsyncId id = 0;
  auto promise = Promise<>::resolve().then([&] { id = execution_async_id(); });
  loop().run();
  EXPECT_EQ(id, promise.async_id());
}

TEST_F(Execution, is_nobody_in_a_reaction_while_no_hook_tracks_promises) {
  close_ledger();
  loop().run();
  AsyncId id = 99;
  auto promise = Promise<>::resolve();
  set_timeout([&] { promise.then([&] { id = execution_async_id(); }).detach(); });
  loop().run();
  EXPECT_EQ(id, no_async_id);
}

TEST_F(Execution, shows_the_running_resource) {
  const int details = 42;
  AsyncResource resource("Thing", {.details = AnyRef::to(details)});
  resource.run_in_async_scope([&] {
    const ResourceInfo running = execution_async_resource();
    EXPECT_EQ(running.async_id, resource.async_id());
    EXPECT_EQ(running.type, "Thing");
    EXPECT_EQ(running.details.as<int>(), &details);
  });
}

TEST_F(Execution, shows_the_timer_that_fires) {
  bool repeats = false;
  Timeout interval;
  interval = set_interval(
      [&] {
        repeats = execution_async_resource().details.as<Timeout::Details>()->repeat;
        interval.clear();
      },
      std::chrono::milliseconds(1));
  loop().run();
  EXPECT_TRUE(repeats);
}

TEST_F(Execution, shows_a_resource_without_type_beside_the_loop) {
  const ResourceInfo running = execution_async_resource();
  EXPECT_EQ(running.async_id, root_async_id);
  EXPECT_TRUE(running.type.empty());
}

TEST_F(Execution, says_what_its_thread_is_at) {
  EXPECT_EQ(thread_activity(), ThreadActivity::outside_loop);
  ThreadActivity in_callback{}, in_post{};
  set_immediate([&] { in_callback = thread_activity(); });
  loop().post([&] { in_post = thread_activity(); });
  loop().run();
  EXPECT_EQ(in_callback, ThreadActivity::callback);
  EXPECT_EQ(in_post, ThreadActivity::no_callback);
  destroy_loop();
  EXPECT_EQ(thread_activity(), ThreadActivity::no_loop);
}

TEST_F(Execution, says_what_a_thread_of_the_pool_is_at) {
  ThreadActivity in_job{}, after_a_loop{};
  const auto job = [&] {
    in_job = thread_activity();
    std::make_unique<Loop>().reset();
    after_a_loop = thread_activity();
  };
  queue_work(job).detach();
  loop().run();
  EXPECT_EQ(in_job, ThreadActivity::pool_job);
  EXPECT_EQ(after_a_loop, ThreadActivity::pool_job);
}

TEST_F(Execution, hides_the_details_of_a_resource_that_died_in_its_own_callback) {
  const int details = 42;
  auto resource =
      std::make_unique<AsyncResource>("A", ResourceOptions{.details = AnyRef::to(details)});
  resource->run_in_async_scope([&] {
    resource.reset();
    EXPECT_EQ(execution_async_resource().type, "A");
    EXPECT_FALSE(execution_async_resource().details);
  });
}

}  // namespace
}  // namespace contrail
