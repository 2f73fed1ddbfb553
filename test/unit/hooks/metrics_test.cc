#include "contrail/hooks/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/promise.h"
#include "contrail/sampling.h"
#include "contrail/timers.h"
#include "temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class Metrics : public ::testing::Test {
 protected:
  Loop loop;
};

TEST_F(Metrics, count_the_lives_of_resources_by_type) {
  const hooks::Metrics metrics;
  set_timeout([] {}, 1ms);
  set_timeout([] {}, 1ms);
  const AsyncResource query("DbQuery");
  loop.run();
  const std::string text = metrics.prometheus();
  EXPECT_THAT(text, HasSubstr("\ncontrail_resources_created_total{type=\"Timeout\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_resources_destroyed_total{type=\"Timeout\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_resources_live{type=\"Timeout\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_resources_live{type=\"DbQuery\"} 1\n"));
}

TEST_F(Metrics, count_settled_promises) {
  const hooks::Metrics metrics;
  Promise<>::resolve().then([] {}).detach();
  loop.run();
  EXPECT_THAT(metrics.prometheus(),
              HasSubstr("\ncontrail_promises_settled_total{type=\"PROMISE\"} 2\n"));
}

TEST_F(Metrics, measure_how_long_a_resource_waits_for_its_first_callback_only) {
  const hooks::Metrics metrics;
  AsyncResource resource("Thing");
  const auto until = std::chrono::steady_clock::now() + 300us;
  while (std::chrono::steady_clock::now() < until) continue;
  resource.run_in_async_scope([] {});
  resource.run_in_async_scope([] {});
  const std::string text = metrics.prometheus();
  EXPECT_THAT(text, HasSubstr("\ncontrail_wait_seconds_bucket{type=\"Thing\",le=\"0.00025\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_wait_seconds_count{type=\"Thing\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_callback_seconds_count{type=\"Thing\"} 2\n"));
}

TEST_F(Metrics, measure_how_long_callbacks_run_with_those_inside_them) {
  const hooks::Metrics metrics;
  AsyncResource outer("Outer");
  AsyncResource inner("Inner");
  outer.run_in_async_scope([&] {
    inner.run_in_async_scope([] {
      const auto until = std::chrono::steady_clock::now() + 1100us;
      while (std::chrono::steady_clock::now() < until) continue;
    });
  });
  const std::string text = metrics.prometheus();
  EXPECT_THAT(text,
              HasSubstr("\ncontrail_callback_seconds_bucket{type=\"Outer\",le=\"0.001\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("\ncontrail_callback_seconds_bucket{type=\"Inner\",le=\"0.001\"} 0\n"));
  EXPECT_THAT(text,
              HasSubstr("\ncontrail_callback_seconds_bucket{type=\"Inner\",le=\"+Inf\"} 1\n"));
}

TEST_F(Metrics, started_and_stopped_in_the_middle_of_callbacks_count_what_they_saw_whole) {
  hooks::Metrics metrics;
  metrics.disable();
  AsyncResource older("Older");
  older.run_in_async_scope([&] {
    metrics.enable();
    AsyncResource("Thing").run_in_async_scope([&] { metrics.disable(); });
  });
  metrics.enable();
  older.run_in_async_scope([] {});
  loop.run();
  const std::string text = metrics.prometheus();
  EXPECT_THAT(text, HasSubstr("\ncontrail_callback_seconds_count{type=\"Older\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_callback_seconds_count{type=\"Thing\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_resources_created_total{type=\"Older\"} 0\n"));
}

TEST_F(Metrics, do_not_count_as_live_what_has_died_while_they_were_disabled) {
  hooks::Metrics metrics;
  {
    const AsyncResource one("Thing");
    metrics.disable();
  }
  loop.run();
  metrics.enable();
  const AsyncResource two("Thing");
  EXPECT_THAT(metrics.prometheus(), HasSubstr("\ncontrail_resources_live{type=\"Thing\"} 1\n"));
}

TEST_F(Metrics, count_a_resource_whose_end_is_told_twice_as_gone_once) {
  const hooks::Metrics metrics;
  {
    AsyncResource resource("Thing");
    resource.emit_destroy().emit_destroy();
  }
  loop.run();
  EXPECT_THAT(metrics.prometheus(), HasSubstr("\ncontrail_resources_live{type=\"Thing\"} 0\n"));
}

TEST_F(Metrics, count_types_that_are_too_many_together) {
  const hooks::Metrics metrics({.types_max = 2});
  for (const char* type : {"One", "Two", "Three", "Four"}) AsyncResource{type};
  const std::string text = metrics.prometheus();
  EXPECT_THAT(text, HasSubstr("\ncontrail_resources_created_total{type=\"Two\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("\ncontrail_resources_created_total{type=\"(other)\"} 2\n"));
  EXPECT_THAT(text, Not(HasSubstr("Three")));
}

TEST_F(Metrics, leave_promises_out_when_asked) {
  const hooks::Metrics metrics({.track_promises = false});
  Promise<>::resolve().then([] {}).detach();
  loop.run();
  EXPECT_THAT(metrics.prometheus(), Not(HasSubstr("PROMISE")));
}

TEST_F(Metrics, count_what_is_sampled_when_asked) {
  const hooks::Metrics metrics({.only_sampled = true});
  AsyncResource{"Thing"};
  run_sampled([] { AsyncResource{"Thing"}; });
  EXPECT_THAT(metrics.prometheus(), HasSubstr("created_total{type=\"Thing\"} 1\n"));
}

TEST_F(Metrics, refuse_a_prefix_that_is_no_name) {
  EXPECT_THROW(hooks::Metrics({.prefix = "my-app"}), std::invalid_argument);
  EXPECT_THROW(hooks::Metrics({.prefix = ""}), std::invalid_argument);
  EXPECT_THROW(hooks::Metrics({.prefix = "0app"}), std::invalid_argument);
}

TEST_F(Metrics, satisfy_promtool) {
  if (std::system("promtool --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "needs promtool";
  const hooks::Metrics metrics({.prefix = "my_app", .types_max = 8});
  AsyncResource("quoted \"type\" with \\ and\nnewline").run_in_async_scope([] {});
  for (const char* type : {"no UTF-8: \xff", "no UTF-8: \xfe", "Ümlaut", "(other)"}) {
    AsyncResource{type};
  }
  set_timeout([] {}, 1ms);
  Promise<>::resolve().then([] {}).detach();
  loop.run();
  const TempDir dir;
  std::ofstream(dir.path() / "metrics") << metrics.prometheus();
  const std::string check = "promtool check metrics < " + (dir.path() / "metrics").string();
  EXPECT_EQ(std::system(check.c_str()), 0) << metrics.prometheus();
}

}  // namespace
}  // namespace contrail
