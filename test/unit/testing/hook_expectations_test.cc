#include "contrail/testing/hook_expectations.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <utility>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"

namespace contrail::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HookExpectationsTest : public ::testing::Test {
 protected:
  std::optional<Loop> loop{std::in_place};
};

TEST_F(HookExpectationsTest, are_met_by_what_happens_as_it_was_expected) {
  HookExpectations expected({"Timeout"});
  expected.init("Timeout").by("root").in("root");
  expected.before("Timeout").after("Timeout").destroy("Timeout").nothing_else();
  set_timeout([] {}, 1ms);
  loop->run();
  EXPECT_EQ(expected.result(), "ok");
}

TEST_F(HookExpectationsTest, tell_what_came_instead_and_what_came_before) {
  HookExpectations expected({"Timeout", "Immediate"});
  expected.init("Timeout").init("Immediate").before("Timeout").after("Timeout");
  set_timeout([] {}, 1h);
  set_immediate([] {});
  loop->run_nowait();
  EXPECT_EQ(expected.result(),
            "step 3 of 4\n"
            "  before Timeout (Timeout:1)\n"
            "was to come\n"
            "but there came\n"
            "  before Immediate:1\n"
            "after\n"
            "  init Timeout:1 by root\n"
            "  init Immediate:1 by root\n");
}

TEST_F(HookExpectationsTest, are_done_with_at_the_first_deviation) {
  HookExpectations expected;
  expected.before("Immediate");
  set_immediate([] {});
  const std::string at_once = expected.result();
  EXPECT_THAT(at_once, HasSubstr("but there came\n  init Immediate:1 by root\nafter\n  nothing\n"));
  loop->run();
  EXPECT_EQ(expected.result(), at_once);
}

TEST_F(HookExpectationsTest, tell_what_has_not_come) {
  HookExpectations expected({"Timeout"});
  expected.init("Timeout").before("Timeout");
  set_timeout([] {}, 1h);
  EXPECT_EQ(expected.result(),
            "step 2 of 2 has not come\n"
            "  before Timeout (Timeout:1)\n"
            "after\n"
            "  init Timeout:1 by root\n");
}

TEST_F(HookExpectationsTest, do_not_look_at_what_follows_unless_told_to) {
  HookExpectations open({"Immediate"}), closed({"Immediate"});
  open.init("Immediate");
  closed.init("Immediate").nothing_else();
  set_immediate([] {});
  loop->run();
  EXPECT_EQ(open.result(), "ok");
  EXPECT_THAT(closed.result(),
              StartsWith("nothing else was to come\nbut there came\n  before Immediate:1\n"));
}

TEST_F(HookExpectationsTest, tell_resources_of_a_type_apart_by_name) {
  HookExpectations expected({"Job"});
  expected.init("Job:one").init("Job:other");
  expected.before("Job:other").after("Job:other").before("Job:one").after("Job:one");
  AsyncResource one("Job"), other("Job");
  other.run_in_async_scope([] {});
  one.run_in_async_scope([] {});
  EXPECT_EQ(expected.result(), "ok");
}

TEST_F(HookExpectationsTest, are_not_met_by_another_resource_of_the_type) {
  HookExpectations expected({"Immediate"});
  expected.init("Immediate:a").init("Immediate:b").before("Immediate:b");
  set_immediate([] {});
  set_immediate([] {});
  loop->run();
  EXPECT_THAT(expected.result(), HasSubstr("  before Immediate:b (Immediate:2)\nwas to come\n"
                                           "but there came\n  before Immediate:1\n"));
}

TEST_F(HookExpectationsTest, let_a_name_stand_for_the_next_resource) {
  HookExpectations expected({"Immediate"});
  for (int i = 0; i < 2; ++i) {
    expected.init("Immediate").before("Immediate").after("Immediate").destroy("Immediate");
  }
  expected.nothing_else();
  set_immediate([] {});
  loop->run();
  set_immediate([] {});
  loop->run();
  EXPECT_EQ(expected.result(), "ok");
}

TEST_F(HookExpectationsTest, may_name_a_resource_that_is_older) {
  set_immediate([] {});
  HookExpectations expected;
  expected.before("Immediate").after("Immediate").destroy("Immediate").nothing_else();
  loop->run();
  EXPECT_EQ(expected.result(), "ok");
}

TEST_F(HookExpectationsTest, check_causes_also_of_types_that_are_not_looked_at) {
  HookExpectations met({"TickObject"}), not_met({"TickObject"});
  met.init("TickObject").by("Immediate");
  not_met.init("TickObject").by("root");
  set_immediate([] { next_tick([] {}); });
  loop->run();
  EXPECT_EQ(met.result(), "ok");
  EXPECT_THAT(not_met.result(), HasSubstr("but it was caused by another\n"
                                          "  init TickObject:1 by Immediate:1\n"));
}

TEST_F(HookExpectationsTest, check_who_is_running) {
  AsyncResource server("Server");
  HookExpectations met({"Socket"}), not_met({"Socket"});
  met.init("Socket").in("root");
  not_met.init("Socket").in("Server");
  AsyncResource socket("Socket", {.trigger = &server});
  EXPECT_EQ(met.result(), "ok");
  EXPECT_THAT(not_met.result(), HasSubstr("but another was running\n"));
}

TEST_F(HookExpectationsTest, check_the_details_of_a_resource_and_its_site) {
  HookExpectations expected({"Timeout"});
  expected.init("Timeout").where(
      [](const ResourceInfo& made) {
        const auto* timer = made.details.as<Timeout::Details>();
        return timer->delay == 25ms && made.site.file() == __FILE__;
      },
      "a timer of 25 ms from this file");
  set_timeout([] {}, 24ms);
  EXPECT_THAT(expected.result(), HasSubstr("  init Timeout (Timeout:1), a timer of 25 ms from "
                                           "this file\nwas to come\n"
                                           "but it is not a timer of 25 ms from this file\n"));
}

TEST_F(HookExpectationsTest, check_the_context_of_a_callback) {
  AsyncLocalStorage<std::string> user;
  const auto is = [&](const char* name) {
    return [&user, name] { return user.get_store() && *user.get_store() == name; };
  };
  HookExpectations met({"Immediate"}), not_met({"Immediate"});
  met.init("Immediate").before("Immediate").when(is("Ada"), "the user is Ada");
  not_met.init("Immediate").before("Immediate").when(is("Grace"), "the user is Grace");
  user.run("Ada", [] { set_immediate([] {}); });
  loop->run();
  EXPECT_EQ(met.result(), "ok");
  EXPECT_THAT(not_met.result(), HasSubstr("but this does not hold: the user is Grace\n"));
}

TEST_F(HookExpectationsTest, include_the_settling_of_promises) {
  HookExpectations expected({"PROMISE"});
  expected.init("PROMISE").promise_resolve("PROMISE").nothing_else();
  const auto promise = Promise<int>::resolve(1);
  EXPECT_EQ(expected.result(), "ok");
}

TEST_F(HookExpectationsTest, show_the_latest_events_of_many) {
  HookExpectations expected({"Immediate"});
  for (int i = 0; i < 100; ++i) expected.init("Immediate:" + std::to_string(i));
  expected.init("Timeout");
  for (int i = 0; i < 101; ++i) set_immediate([] {});
  EXPECT_THAT(expected.result(),
              HasSubstr("after\n  (70 events more)\n  init Immediate:71 by root\n"));
  EXPECT_THAT(expected.result(), EndsWith("  init Immediate:100 by root\n"));
}

TEST_F(HookExpectationsTest, may_outlive_the_loop_and_see_its_end) {
  HookExpectations expected({"Timeout"});
  expected.init("Timeout").destroy("Timeout").nothing_else();
  set_timeout([] {}, 1h);
  loop.reset();
  EXPECT_EQ(expected.result(), "ok");
}

TEST_F(HookExpectationsTest, may_be_added_to_while_they_are_being_met) {
  HookExpectations expected({"Immediate"});
  const auto add_many = [&] {
    for (int i = 2; i < 100; ++i) expected.init("Immediate:" + std::to_string(i));
    return true;
  };
  expected.init("Immediate:1").when(add_many, "more was added");
  for (int i = 1; i < 100; ++i) set_immediate([] {});
  EXPECT_EQ(expected.result(), "ok");
}

TEST_F(HookExpectationsTest, may_end_while_they_are_being_met) {
  std::optional<HookExpectations> expected(std::in_place,
                                           std::initializer_list<std::string_view>{});
  const std::string words = "they have ended";
  const auto end = [&] {
    expected.reset();
    return false;
  };
  expected->init("Immediate").when(end, words);
  set_immediate([] {});
  EXPECT_FALSE(expected);
}

TEST_F(HookExpectationsTest, may_be_moved) {
  HookExpectations expected({"Immediate"});
  expected.init("Immediate");
  HookExpectations moved = std::move(expected);
  set_immediate([] {});
  EXPECT_EQ(moved.result(), "ok");
}

TEST_F(HookExpectationsTest, refuse_to_know_more_about_a_step_that_has_no_such_thing) {
  HookExpectations expected;
  EXPECT_THROW(expected.in("root"), std::logic_error);
  expected.before("Timeout");
  EXPECT_THROW(expected.by("root"), std::logic_error);
}

}  // namespace
}  // namespace contrail::testing
