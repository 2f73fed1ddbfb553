#include "contrail/hooks/event_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/execution.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/sampling.h"
#include "contrail/timers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;

class EventLog : public ::testing::Test {
 protected:
  hooks::EventLog log(hooks::EventLogOptions options = {}) {
    return hooks::EventLog([this](std::string_view line) { lines.emplace_back(line); },
                           std::move(options));
  }

  Loop loop;
  std::vector<std::string> lines;
};

TEST_F(EventLog, prints_the_life_of_a_resource) {
  const auto log = this->log();
  set_timeout([] {}, 5ms);
  loop.run();
  EXPECT_THAT(lines, ElementsAre("init Timeout 2 by 1 (5 ms)", "before Timeout 2",
                                 "after Timeout 2", "destroy Timeout 2"));
}

TEST_F(EventLog, may_end_in_its_own_sink) {
  std::optional<hooks::EventLog> log;
  log.emplace([&](std::string_view line) {
    lines.emplace_back(line);
    log.reset();
  });
  set_timeout([] {}, 1ms);
  loop.run();
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(EventLog, may_end_in_the_sink_of_another) {
  std::optional<hooks::EventLog> first, second;
  first.emplace([&](std::string_view) { second.reset(); });
  second.emplace([&](std::string_view line) { lines.emplace_back(line); });
  set_timeout([] {}, 1ms);
  loop.run();
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(EventLog, indents_what_happens_inside_a_callback) {
  const auto log = this->log();
  set_immediate([] { next_tick([] {}); });
  loop.run();
  EXPECT_THAT(lines, Contains("  init TickObject 3 by 2"));
}

TEST_F(EventLog, indents_scopes_within_scopes) {
  AsyncResource outer("Outer");
  AsyncResource inner("Inner");
  const auto log = this->log();
  outer.run_in_async_scope([&] { inner.run_in_async_scope([] {}); });
  EXPECT_THAT(
      lines, ElementsAre("before Outer 2", "  before Inner 3", "  after Inner 3", "after Outer 2"));
}

TEST_F(EventLog, says_who_was_running_if_that_was_not_the_trigger) {
  const auto log = this->log();
  AsyncResource caused("Caused", {.trigger_async_id = 42});
  EXPECT_THAT(lines, ElementsAre("init Caused 2 by 42 in 1"));
}

TEST_F(EventLog, prints_an_unassigned_trigger_as_node_does) {
  const auto log = this->log();
  AsyncResource caused("Caused", {.trigger_async_id = unassigned_async_id});
  EXPECT_THAT(lines, ElementsAre("init Caused 2 by -1 in 1"));
}

TEST_F(EventLog, marks_the_details_of_an_interval) {
  const auto log = this->log();
  set_interval([] {}, 7ms).clear();
  EXPECT_THAT(lines, ElementsAre("init Timeout 2 by 1 (every 7 ms)"));
}

TEST_F(EventLog, prints_the_settling_of_a_promise) {
  const auto log = this->log();
  auto [promise, resolver] = Promise<int>::with_resolver();
  resolver.resolve(1);
  EXPECT_THAT(lines, ElementsAre("init PROMISE 2 by 1", "resolve PROMISE 2"));
}

TEST_F(EventLog, does_without_promises_if_told_to) {
  const auto log = this->log({.track_promises = false});
  auto [promise, resolver] = Promise<int>::with_resolver();
  resolver.resolve(1);
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(EventLog, shows_only_the_types_it_was_asked_for) {
  const auto log = this->log({.only_types = {"TickObject"}});
  set_immediate([] { next_tick([] {}); });
  loop.run();
  EXPECT_THAT(lines, ElementsAre("init TickObject 3 by 2", "before TickObject 3",
                                 "after TickObject 3", "destroy TickObject 3"));
}

TEST_F(EventLog, puts_the_prefix_before_the_indentation) {
  const auto log = this->log({.prefix = "log: "});
  set_immediate([] { next_tick([] {}); });
  loop.run();
  EXPECT_THAT(lines, Contains("log:   init TickObject 3 by 2"));
}

TEST_F(EventLog, learns_the_type_of_an_older_resource_when_it_runs) {
  set_immediate([] {});
  const auto log = this->log();
  loop.run();
  EXPECT_THAT(lines, ElementsAre("before Immediate 2", "after Immediate 2", "destroy resource 2"));
}

TEST_F(EventLog, may_start_in_the_middle_of_a_callback) {
  std::optional<hooks::EventLog> log;
  set_immediate([&] {
    log.emplace(this->log());
    next_tick([] {});
  });
  loop.run();
  ASSERT_GE(lines.size(), 3U);
  EXPECT_EQ(lines[0], "init TickObject 3 by 2");
  EXPECT_EQ(lines[1], "after Immediate 2");
  EXPECT_EQ(lines[2], "before TickObject 3");
}

TEST_F(EventLog, keeps_quiet_about_what_its_sink_does) {
  const hooks::EventLog log([this](std::string_view line) {
    lines.emplace_back(line);
    next_tick([] {});
  });
  set_immediate([] {});
  loop.run();
  EXPECT_THAT(lines, Each(Not(HasSubstr("TickObject"))));
}

TEST_F(EventLog, is_switched_off_and_on_inside_callbacks) {
  auto log = this->log();
  AsyncResource outer("Outer");
  outer.run_in_async_scope([&] { log.disable(); });
  AsyncResource missed("Missed");
  missed.run_in_async_scope([&] { log.enable(); });
  outer.run_in_async_scope([] {});
  missed.run_in_async_scope([] {});
  EXPECT_THAT(lines,
              ElementsAre("init Outer 2 by 1", "before Outer 2", "after Missed 3", "before Outer 2",
                          "after Outer 2", "before Missed 3", "after Missed 3"));
}

TEST_F(EventLog, tells_the_end_of_resources_that_are_older) {
  std::optional<AsyncResource> older("Older");
  const auto log = this->log();
  older.reset();
  loop.run();
  EXPECT_THAT(lines, ElementsAre("destroy resource 2"));
}

TEST_F(EventLog, shows_what_is_sampled_when_asked) {
  const auto log = this->log({.only_sampled = true});
  AsyncResource{"Plain"};
  run_sampled([] { AsyncResource{"Sampled"}; });
  EXPECT_THAT(lines, ElementsAre("init Sampled 3 by 1"));
}

TEST_F(EventLog, ends_with_its_scope) {
  { const auto log = this->log(); }
  set_immediate([] {});
  loop.run();
  EXPECT_THAT(lines, IsEmpty());
}

TEST_F(EventLog, goes_on_where_it_was_moved_to) {
  hooks::EventLog first = log();
  const hooks::EventLog second = std::move(first);
  set_immediate([] {});
  EXPECT_THAT(lines, ElementsAre("init Immediate 2 by 1"));
}

TEST_F(EventLog, writes_whole_lines_to_a_file) {
  std::FILE* file = std::tmpfile();
  {
    const hooks::EventLog log(file);
    set_immediate([] {});
  }
  std::rewind(file);
  char text[100] = {};
  EXPECT_EQ(std::fread(text, 1, sizeof text, file), 22U);
  EXPECT_STREQ(text, "init Immediate 2 by 1\n");
  std::fclose(file);
}

/// What a program prints to stderr that makes a Loop with one immediate.
std::string output_with(const char* debug_variable) {
  ::setenv("CONTRAIL_DEBUG", debug_variable, 1);
  ::testing::internal::CaptureStderr();
  {
    Loop loop;
    set_immediate([] {});
    loop.run();
  }
  ::unsetenv("CONTRAIL_DEBUG");
  return ::testing::internal::GetCapturedStderr();
}

// This program includes the header more than once.
TEST(DebugVariable, logs_every_event_to_stderr_exactly_once) {
  EXPECT_THAT(output_with("async_hooks"),
              MatchesRegex("ASYNC_HOOKS [0-9]+.*: init Immediate 2 by 1\n"
                           "ASYNC_HOOKS [0-9]+.*: before Immediate 2\n"
                           "ASYNC_HOOKS [0-9]+.*: after Immediate 2\n"
                           "ASYNC_HOOKS [0-9]+.*: destroy Immediate 2\n"));
}

TEST(DebugVariable, is_a_list) {
  EXPECT_THAT(output_with("http,async_hooks,net"), HasSubstr("init Immediate"));
}

TEST(DebugVariable, ignores_case_and_knows_a_wildcard) {
  EXPECT_THAT(output_with("Async_*"), HasSubstr("init Immediate"));
}

TEST(DebugVariable, logs_nothing_unless_it_names_async_hooks) {
  EXPECT_THAT(output_with("http,async,hooks,"), IsEmpty());
}

TEST(DebugVariable, tells_the_loops_of_a_process_apart) {
  output_with("async_hooks");
  EXPECT_THAT(output_with("async_hooks"), HasSubstr(" loop "));
}

}  // namespace
}  // namespace contrail
