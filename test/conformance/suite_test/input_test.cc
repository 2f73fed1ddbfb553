#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "program.h"

namespace contrail::conformance {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class ConformanceInput : public testing::Test {
 protected:
  Ended trace(const std::string& scenario) {
    folder_.file("scenario.json", scenario);
    return run_program(folder_, "trace scenario.json");
  }
  void expect_complaint(const std::string& scenario, const std::string& complaint) {
    const Ended ended = trace(scenario);
    EXPECT_EQ(ended.status, 2);
    EXPECT_EQ(ended.errors, "scenario.json:" + complaint + "\n");
    EXPECT_EQ(ended.output, "");
  }

  TempDir folder_;
};

TEST_F(ConformanceInput, an_unknown_op_is_named_with_its_line_and_column) {
  expect_complaint("{\"main\": [\n  [\"log\", \"a\"],\n      [\"foo\"]\n]}",
                   "3:8: unknown op \"foo\"");
}

TEST_F(ConformanceInput, columns_count_characters_and_not_bytes) {
  expect_complaint("{\"main\": [[\"log\", \"äöü\"], [\"foo\"]]}", "1:28: unknown op \"foo\"");
}

TEST_F(ConformanceInput, an_argument_too_many_is_counted) {
  expect_complaint(R"({"main": [["timeout", 1, [], "t", 2]]})",
                   "1:11: \"timeout\" takes (ms, ops, name?), got 4 arguments");
}

TEST_F(ConformanceInput, a_missing_argument_is_counted) {
  expect_complaint(R"({"main": [["log"]]})", "1:11: \"log\" takes (text), got 0 arguments");
}

TEST_F(ConformanceInput, an_argument_of_another_type_is_told_what_it_should_be) {
  expect_complaint(R"({"main": [["timeout", "soon", []]]})",
                   "1:23: \"timeout\" takes (ms, ops, name?): ms must be an integer, not a string");
}

TEST_F(ConformanceInput, a_name_that_is_no_string_is_refused) {
  expect_complaint(R"({"main": [["promise", 7]]})",
                   "1:23: \"promise\" takes (name, ops): name must be a string, not an integer");
}

TEST_F(ConformanceInput, a_number_too_big_is_refused) {
  expect_complaint(R"({"main": [["timeout", 99999999999999999999]]})",
                   "1:23: \"timeout\" takes (ms, ops, name?): ms is too big: at most "
                   "9007199254740991 counts");
}

TEST_F(ConformanceInput, a_number_beyond_all_numbers_is_found) {
  expect_complaint(R"({"main": [["timeout", 1e999]]})", "1:23: number overflow parsing '1e999'");
}

TEST_F(ConformanceInput, what_is_no_number_is_no_json) {
  const Ended ended = trace(R"({"main": [["timeout", NaN]]})");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, StartsWith("scenario.json:1:23: syntax error"));
}

TEST_F(ConformanceInput, a_negative_delay_is_as_good_as_none) {
  const Ended ended = trace(R"({"main": [["timeout", -5, [["mark", "fired"]]]]})");
  EXPECT_EQ(ended.output, "mark fired\n");
}

TEST_F(ConformanceInput, invalid_utf_8_is_found) {
  const Ended ended = trace("{\"main\": [[\"log\", \"\xff\"]]}");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("ill-formed UTF-8"));
}

TEST_F(ConformanceInput, a_file_that_ends_early_is_told_where) {
  const Ended ended = trace("{\"main\": [\n");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, StartsWith("scenario.json:2:1: syntax error"));
}

TEST_F(ConformanceInput, a_hundred_thousand_brackets_do_no_harm) {
  const Ended ended = trace(std::string(100'000, '['));
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, StartsWith("scenario.json:1:100001: syntax error"));
}

TEST_F(ConformanceInput, ops_nested_a_hundred_thousand_deep_do_no_harm) {
  std::string ops = "[]";
  std::string opening;
  std::string closing;
  for (int i = 0; i < 100'000; ++i) {
    opening += "[[\"try\",";
    closing += "]]";
  }
  const Ended ended = trace("{\"main\":" + opening + ops + closing + "}");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("the ops are nested too deeply"));
}

TEST_F(ConformanceInput, a_list_of_ops_may_be_null_or_absent) {
  const Ended ended =
      trace(R"({"main": [["timeout", 1, null, "t"], ["immediate"], ["mark", "m"]]})");
  EXPECT_EQ(ended.output, "mark m\n");
}

TEST_F(ConformanceInput, unknown_keys_are_ignored) {
  EXPECT_EQ(trace(R"({"colour": ["red"], "main": [["mark", "m"]]})").output, "mark m\n");
}

TEST_F(ConformanceInput, a_scenario_that_is_a_list_is_refused) {
  expect_complaint("[]", "1:1: a scenario must be an object, not an array");
}

TEST_F(ConformanceInput, an_unknown_event_is_named) {
  expect_complaint(R"({"hooks": [{"name": "h", "events": ["init", "foo"]}]})",
                   "1:45: unknown event \"foo\": there are init, before, after, destroy and "
                   "promiseResolve");
}

TEST_F(ConformanceInput, a_storage_declared_twice_is_refused) {
  expect_complaint(R"({"als": ["a", "a"]})", "1:15: a second storage of this name");
}

TEST_F(ConformanceInput, a_missing_file_is_named) {
  const Ended ended = run_program(folder_, "trace nowhere.json");
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.errors, "nowhere.json: cannot be read: No such file or directory\n");
}

TEST_F(ConformanceInput, a_scenario_that_never_ends_is_no_bad_input_but_ends) {
  const Ended ended = trace(R"({"main": [["interval", 1, 0, []]]})");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.errors, StartsWith("scenario.json: did not run to its end: FakeClock:"));
}

TEST_F(ConformanceInput, a_command_that_is_unknown_is_named) {
  const Ended ended = run_program(folder_, "foo");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("foo"));
}

TEST_F(ConformanceInput, a_bad_range_of_seeds_is_quoted) {
  const Ended ended = run_program(folder_, "generate --seeds 9..3 --out out");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("\"9..3\" is no range of seeds"));
}

TEST_F(ConformanceInput, an_unknown_profile_is_told_which_there_are) {
  const Ended ended = run_program(folder_, "generate --seeds 1 --out out --profile foo");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("no profile \"foo\", but all, mixed, als"));
}

TEST_F(ConformanceInput, an_unknown_format_is_told_which_there_are) {
  const Ended ended = run_program(folder_, "check --format foo");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("\"foo\" is not text, json or junit"));
}

}  // namespace
}  // namespace contrail::conformance
