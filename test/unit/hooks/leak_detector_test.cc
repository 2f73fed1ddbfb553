#include "contrail/hooks/leak_detector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/promise.h"
#include "contrail/timers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class LeakDetector : public ::testing::Test {
 protected:
  static AsyncResource thing(const char* type) { return AsyncResource(type, CreationSite()); }
  Loop loop;
};

TEST_F(LeakDetector, tells_what_there_is_more_of_most_first) {
  const hooks::LeakDetector leaks;
  std::vector<AsyncResource> kept;
  kept.push_back(thing("One"));
  const auto mark = leaks.mark();
  kept.push_back(thing("One"));
  for (int i = 0; i < 3; ++i) kept.push_back(thing("Two"));
  thing("Gone");
  loop.run();
  const auto growth = leaks.growth_since(mark);
  ASSERT_EQ(growth.size(), 2u);
  EXPECT_EQ(growth[0].group, "Two");
  EXPECT_EQ(growth[0].now, 3u);
  EXPECT_EQ(growth[1].group, "One");
  EXPECT_EQ(growth[1].before, 1u);
  EXPECT_EQ(growth[1].now, 2u);
}

TEST_F(LeakDetector, tells_what_grows_from_each_mark_to_the_next) {
  const hooks::LeakDetector leaks;
  std::vector<AsyncResource> steady;
  std::optional<AsyncResource> once;
  std::vector marks{leaks.mark()};
  for (int i = 0; i < 3; ++i) {
    steady.push_back(thing("Steady"));
    if (i == 0) once = thing("Once");
    marks.push_back(leaks.mark());
  }
  const auto growth = leaks.steady_growth(marks);
  ASSERT_EQ(growth.size(), 1u);
  EXPECT_EQ(growth[0].group, "Steady");
  EXPECT_THAT(leaks.steady_growth({}), IsEmpty());
}

TEST(LeakDetectorOfALoop, tells_which_promises_went_with_it_before_anybody_settled_them) {
  std::optional<Loop> loop(std::in_place);
  const hooks::LeakDetector leaks;
  auto never = Promise<int>::with_resolver({});
  never.promise.then([](int) {}, CreationSite()).detach();
  Promise<int>::resolve(1).then([](int) {}).detach();
  loop->run();
  EXPECT_THAT(leaks.promises_dropped(), IsEmpty()) << "it waits";
  loop.reset();
  const auto dropped = leaks.promises_dropped();
  ASSERT_EQ(dropped.size(), 1u);
  EXPECT_EQ(dropped[0].group, "PROMISE");
  EXPECT_EQ(dropped[0].promises, 1u);
}

TEST_F(LeakDetector, tells_of_contexts_that_outlive_what_entered_them_and_who_holds_them) {
  const hooks::LeakDetector leaks;
  AsyncLocalStorage<int> storage;
  std::optional<AsyncResource> cached;
  thing("Request").run_in_async_scope(
      [&] { storage.run(1, [&] { cached = thing("CacheEntry"); }); });
  loop.run();
  const auto outliving = leaks.contexts_outliving();
  ASSERT_EQ(outliving.size(), 1u);
  EXPECT_EQ(outliving[0].maker, "Request");
  EXPECT_EQ(outliving[0].holder, "CacheEntry");
  EXPECT_EQ(outliving[0].holders, 1u);
  EXPECT_EQ(outliving[0].contexts, 1u);
  EXPECT_THAT(leaks.contexts_outliving(1h), IsEmpty());
  cached.reset();
  loop.run();
  EXPECT_THAT(leaks.contexts_outliving(), IsEmpty());
}

TEST_F(LeakDetector, says_nothing_of_contexts_whose_maker_is_alive_or_the_program_itself) {
  const hooks::LeakDetector leaks;
  AsyncLocalStorage<int> storage;
  AsyncResource request = thing("Request");
  std::optional<AsyncResource> one, two;
  request.run_in_async_scope([&] { storage.run(1, [&] { one = thing("Part"); }); });
  storage.run(2, [&] { two = thing("Global"); });
  loop.run();
  EXPECT_THAT(leaks.contexts_outliving(), IsEmpty());
}

TEST_F(LeakDetector, counts_the_contexts_and_holders_of_many_requests_together) {
  const hooks::LeakDetector leaks;
  AsyncLocalStorage<int> storage;
  std::vector<AsyncResource> cache;
  for (int i = 0; i < 5; ++i) {
    thing("Request").run_in_async_scope([&] {
      storage.run(i, [&] {
        cache.push_back(thing("CacheEntry"));
        cache.push_back(thing("CacheEntry"));
      });
    });
  }
  loop.run();
  const auto outliving = leaks.contexts_outliving();
  ASSERT_EQ(outliving.size(), 1u);
  EXPECT_EQ(outliving[0].holders, 10u);
  EXPECT_EQ(outliving[0].contexts, 5u);
}

TEST_F(LeakDetector, counts_a_resource_whose_end_is_told_twice_as_gone_once) {
  const hooks::LeakDetector leaks;
  const auto mark = leaks.mark();
  AsyncLocalStorage<int> storage;
  thing("Request").run_in_async_scope([&] {
    storage.run(1, [&] {
      for (int i = 0; i < 3; ++i) thing("Thing").emit_destroy().emit_destroy();
    });
  });
  loop.run();
  EXPECT_EQ(leaks.text(mark), "nothing grew\n");
  EXPECT_EQ(leaks.not_looked_after(), 0u);
}

TEST_F(LeakDetector, starts_anew_when_it_is_enabled_again) {
  hooks::LeakDetector leaks;
  AsyncLocalStorage<int> storage;
  std::optional<AsyncResource> old;
  thing("Request").run_in_async_scope([&] { storage.run(1, [&] { old = thing("Old"); }); });
  leaks.disable();
  const AsyncResource missed = thing("Missed");
  leaks.enable();
  const auto mark = leaks.mark();
  old.reset();
  loop.run();
  EXPECT_EQ(leaks.text(mark), "nothing grew\n");
}

TEST_F(LeakDetector, looks_after_no_more_resources_than_it_may) {
  const hooks::LeakDetector leaks({.resources_max = 2});
  AsyncLocalStorage<int> storage;
  std::vector<AsyncResource> things;
  const auto mark = leaks.mark();
  storage.run(1, [&] {
    for (int i = 0; i < 5; ++i) things.push_back(thing("Thing"));
  });
  EXPECT_EQ(leaks.not_looked_after(), 3u);
  EXPECT_EQ(leaks.growth_since(mark).at(0).now, 5u);
}

TEST_F(LeakDetector, says_it_all_in_words) {
  const hooks::LeakDetector leaks;
  const auto mark = leaks.mark();
  AsyncLocalStorage<int> storage;
  std::vector<AsyncResource> cache;
  thing("Request").run_in_async_scope(
      [&] { storage.run(1, [&] { cache.push_back(thing("CacheEntry")); }); });
  loop.run();
  const std::string text = leaks.text(mark);
  EXPECT_THAT(text, HasSubstr("1 more CacheEntry: 0, then 1\n"));
  EXPECT_THAT(text, HasSubstr("a context held by 1 CacheEntry, for 0.0 s after Request, which "
                              "entered it, was gone\n"));
}

}  // namespace
}  // namespace contrail
