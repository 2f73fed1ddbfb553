#include "contrail/sampling.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_context.h"
#include "contrail/async_hook.h"
#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

/// A hook that writes + > < x ! into `heard`.
class Sampling : public LoopTest {
 protected:
  AsyncHook listener(bool only_sampled) {
    const auto letter = [this](char what) { return [this, what](AsyncId) { heard += what; }; };
    return AsyncHook({.init = [this](const ResourceInfo&) { heard += '+'; },
                      .before = letter('>'),
                      .after = letter('<'),
                      .destroy = letter('x'),
                      .promise_resolve = letter('!'),
                      .only_sampled = only_sampled});
  }
  std::string heard;
};

TEST_F(Sampling, marks_the_context_inside_and_puts_it_back) {
  EXPECT_FALSE(is_sampled());
  EXPECT_EQ(run_sampled([] { return is_sampled() ? 7 : 0; }), 7);
  EXPECT_FALSE(is_sampled());
}

TEST_F(Sampling, follows_timers_promises_and_whatever_else_they_start) {
  int sampled = 0;
  run_sampled([&] {
    set_timeout(
        [&] {
          sampled += is_sampled();
          Promise<>::resolve().then([&] { sampled += is_sampled(); }).detach();
        },
        1ms);
  });
  set_timeout([&] { sampled += is_sampled(); }, 1ms);
  loop().run();
  EXPECT_EQ(sampled, 2);
}

TEST_F(Sampling, stays_when_stores_are_entered_replaced_and_removed) {
  AsyncLocalStorage<int> one, two;
  run_sampled([&] {
    EXPECT_TRUE(one.run(1, [] { return is_sampled(); }));
    EXPECT_TRUE(one.run(1, [&] { return two.run(2, [] { return is_sampled(); }); }));
    one.enter_with(3);
    EXPECT_TRUE(is_sampled());
    one.enter_with(4);
    EXPECT_TRUE(is_sampled());
    EXPECT_TRUE(one.exit([] { return is_sampled(); }));
    one.disable();
    EXPECT_TRUE(is_sampled());
  });
}

TEST_F(Sampling, stays_with_more_storages_than_a_frame_has_slots) {
  std::vector<std::unique_ptr<AsyncLocalStorage<int>>> storages;
  for (int i = 0; i < 12; ++i) storages.push_back(std::make_unique<AsyncLocalStorage<int>>());
  run_sampled([&] {
    for (auto& storage : storages) storage->enter_with(1);
    EXPECT_TRUE(is_sampled());
    storages.back()->exit([] { EXPECT_TRUE(is_sampled()); });
  });
}

TEST_F(Sampling, keeps_the_stores_of_the_context_it_marks) {
  AsyncLocalStorage<int> storage;
  storage.run(5, [&] { run_sampled([&] { EXPECT_EQ(*storage.get_store(), 5); }); });
}

TEST_F(Sampling, does_not_mark_a_run_around_it_or_after_it) {
  AsyncLocalStorage<int> storage;
  storage.run(5, [&] {
    run_sampled([] {});
    EXPECT_FALSE(is_sampled());
  });
  run_sampled([&] { storage.run(1, [] {}); });
  EXPECT_FALSE(storage.run(2, [] { return is_sampled(); }));
}

TEST_F(Sampling, goes_to_another_thread_with_a_shared_snapshot) {
  const auto shared = run_sampled([] { return async_context::Snapshot().share(); });
  bool there = false;
  std::thread([&] { there = shared.run([] { return is_sampled(); }); }).join();
  EXPECT_TRUE(there);
}

TEST_F(Sampling, limits_a_hook_that_asks_for_it_to_whole_lives_of_sampled_resources) {
  AsyncHook hook = listener(true);
  hook.enable();
  set_timeout([] {}, 1ms);
  run_sampled([] { set_timeout([] {}, 1ms); });
  loop().run();
  EXPECT_EQ(heard, "+><x");
}

TEST_F(Sampling, limits_the_events_of_promises_too) {
  AsyncHook hook = listener(true);
  hook.enable();
  Promise<>::resolve().then([] {}).detach();
  run_sampled([] { Promise<>::resolve().then([] {}).detach(); });
  loop().run();
  EXPECT_EQ(heard, "+!+>!<xx");
}

TEST_F(Sampling, does_not_limit_other_hooks) {
  AsyncHook limited = listener(true);
  limited.enable();
  AsyncHook hook = listener(false);
  hook.enable();
  AsyncResource("Thing").run_in_async_scope([] {});
  loop().run();
  EXPECT_EQ(heard, "+><x");
}

TEST_F(Sampling, is_decided_when_a_resource_is_made) {
  AsyncHook hook = listener(true);
  hook.enable();
  AsyncResource plain("Plain");
  run_sampled([&] { plain.run_in_async_scope([] {}); });
  EXPECT_EQ(heard, "");
  auto sampled = run_sampled([] { return AsyncResource("Sampled"); });
  sampled.run_in_async_scope([] {});
  sampled.release_context();
  sampled.run_in_async_scope([] {});
  EXPECT_EQ(heard, "+><><");
}

}  // namespace
}  // namespace contrail
