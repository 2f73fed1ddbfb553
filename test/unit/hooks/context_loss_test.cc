#include "contrail/hooks/context_loss.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/timers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

class ContextLoss : public ::testing::Test {
 protected:
  static AsyncResource thing(const char* type) { return AsyncResource(type, CreationSite()); }
  Loop loop;
  AsyncLocalStorage<int> storage;
};

TEST_F(ContextLoss, counts_callbacks_without_a_context_whose_cause_had_one) {
  const hooks::ContextLoss loss;
  std::optional<AsyncResource> request;
  storage.run(1, [&] { request = thing("Request"); });
  set_immediate([&] {  // What a batch does: it works for requests, but in no context.
    for (int i = 0; i < 2; ++i) {
      AsyncResource job("Job", {.trigger = &*request}, CreationSite());
      job.run_in_async_scope([] {});
      job.run_in_async_scope([] {});
    }
  });
  loop.run();
  const auto places = loss.places();
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(places[0].lost, "Job");
  EXPECT_EQ(places[0].cause, "Request");
  EXPECT_EQ(places[0].made, 2u);
  EXPECT_EQ(places[0].callbacks, 4u);
  EXPECT_EQ(loss.text(),
            "2 Job made without a context: 4 callbacks; Request, which caused them, had one\n");
}

TEST_F(ContextLoss, asks_for_what_you_care_for) {
  AsyncLocalStorage<int> another;
  const hooks::ContextLoss loss({.has_context = [&] { return storage.get_store() != nullptr; }});
  storage.run(1, [&] {
    another.run(2, [&] {
      thing("Request").run_in_async_scope([&] {
        storage.exit([] { thing("Lost").run_in_async_scope([] {}); });
        another.exit([] { thing("Kept").run_in_async_scope([] {}); });
      });
    });
  });
  const auto places = loss.places();
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(places[0].lost, "Lost");
  EXPECT_EQ(places[0].callbacks, 1u);
}

TEST_F(ContextLoss, counts_places_that_are_too_many_together) {
  const hooks::ContextLoss loss({.places_max = 1});
  std::optional<AsyncResource> request;
  storage.run(1, [&] { request = thing("Request"); });
  set_immediate([&] {
    for (const char* type : {"One", "Two", "Three"}) {
      AsyncResource(type, {.trigger = &*request}, CreationSite());
    }
  });
  loop.run();
  const auto places = loss.places();
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(places[0].lost, "(unknown)");
  EXPECT_EQ(places[0].made, 2u);
  EXPECT_EQ(places[1].lost, "One");
}

TEST_F(ContextLoss, misses_what_happens_while_it_is_disabled) {
  hooks::ContextLoss loss;
  std::optional<AsyncResource> request;
  storage.run(1, [&] { request = thing("Request"); });
  loss.disable();
  std::optional<AsyncResource> job;
  set_immediate([&] { job.emplace("Job", ResourceOptions{.trigger = &*request}); });
  loop.run();
  loss.enable();
  job->run_in_async_scope([] {});
  EXPECT_EQ(loss.text(), "no context was lost\n");
}

TEST_F(ContextLoss, says_nothing_where_the_context_is_passed_on) {
  const hooks::ContextLoss loss;
  storage.run(1, [&] { set_timeout([] { set_timeout([] {}, 1ms); }, 1ms); });
  set_timeout([] { set_timeout([] {}, 1ms); }, 1ms);
  loop.run();
  EXPECT_EQ(loss.text(), "no context was lost\n");
}

}  // namespace
}  // namespace contrail
