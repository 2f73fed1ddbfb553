#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "program.h"
#include "sanitizers.h"

namespace contrail::conformance {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// A folder of one scenario, and a trace beside it.
class CheckCommand : public testing::Test {
 protected:
  CheckCommand() {
    folder_.file("s.json", R"({"about": "a <mark>", "main": [["mark", "m"]]})");
    folder_.file("s.trace", "mark m\n");
  }

  TempDir folder_;
};

TEST_F(CheckCommand, finds_its_own_scenarios) {
  const Ended ended = run_program(folder_, "check");
  EXPECT_EQ(ended.status, 0) << ended.output;
  EXPECT_THAT(ended.output, HasSubstr("timers"));
  EXPECT_THAT(ended.output, EndsWith(" passed, 0 failed\n"));
}

TEST_F(CheckCommand, passes_what_is_as_recorded) {
  const Ended ended = run_program(folder_, "check .");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.output, EndsWith("1 passed, 0 failed\n"));
}

TEST_F(CheckCommand, takes_one_file) {
  folder_.file("other.json", "no scenario");
  EXPECT_EQ(run_program(folder_, "check s.json").status, 0);
}

TEST_F(CheckCommand, shows_a_difference_with_what_it_is_about) {
  folder_.file("s.trace", "mark other\n");
  const Ended ended = run_program(folder_, "check s.json");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("/s failed: a <mark>\n"));
  EXPECT_THAT(ended.output, HasSubstr("! mark other | mark m\n"));
  EXPECT_THAT(ended.output, EndsWith("0 passed, 1 failed\n"));
}

TEST_F(CheckCommand, goes_on_after_a_broken_file_and_ends_with_2) {
  folder_.file("broken.json", R"({"main": [["foo"]]})");
  const Ended ended = run_program(folder_, "check .");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.output, HasSubstr("broken.json:1:12: unknown op \"foo\""));
  EXPECT_THAT(ended.output, EndsWith("1 passed, 1 failed\n"));
}

TEST_F(CheckCommand, names_a_trace_that_is_missing) {
  folder_.file("new.json", "{}");
  const Ended ended = run_program(folder_, "check .");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.output, HasSubstr("new.trace: cannot be read"));
}

TEST_F(CheckCommand, complains_of_a_folder_without_scenarios) {
  std::filesystem::create_directory(folder_.path() / "empty");
  const Ended ended = run_program(folder_, "check empty");
  EXPECT_EQ(ended.status, 2);
  EXPECT_EQ(ended.errors, "empty: there are no scenarios here\n");
}

TEST_F(CheckCommand, reports_a_crash_of_a_driver_as_a_failure) {
  const auto driver = folder_.file("crash.sh", "kill -SEGV $$\n");
  const Ended ended =
      run_program(folder_, "check s.json --driver 'exec sh " + driver.string() + "'");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("[ended with SIGSEGV]"));
}

TEST_F(CheckCommand, reports_a_crash_of_contrail_and_goes_on) {
  if (has_thread_sanitizer) GTEST_SKIP() << "it hangs where the stack has overflowed";
  folder_.file("a.json", R"({"main": [["resource", "r", "R"], ["bindResource", "r", "f",
      [["call", "f"]]], ["call", "f"]]})");
  folder_.file("a.trace", "");
  const Ended ended = run_program(folder_, "check .");
  EXPECT_EQ(ended.status, 1);
  EXPECT_THAT(ended.output, HasSubstr("[ended with"));
  EXPECT_THAT(ended.output, EndsWith("1 passed, 1 failed\n"));
}

TEST_F(CheckCommand, gives_a_driver_three_attempts) {
  const auto driver = folder_.file("third.sh",
                                   "echo x >>count\n"
                                   "[ $(wc -l <count) -lt 3 ] || echo mark m\n");
  const Ended ended = run_program(folder_, "check s.json --driver 'sh " + driver.string() + "'");
  EXPECT_EQ(ended.status, 0) << ended.output;
}

TEST_F(CheckCommand, finds_a_driver_that_lies) {
  const std::string driver = driver_that_edits(folder_, "s/mark m/mark n/");
  EXPECT_EQ(run_program(folder_, "check s.json --driver '" + driver + "'").status, 1);
}

TEST_F(CheckCommand, compares_stores_only_where_a_runtime_has_no_hooks) {
  const std::string driver =
      driver_that_edits(folder_, "/^[a-k] /d; s/ exec=[^ ]*//; s/ trigger=[^ ]*//; s/ id=[^ ]*//");
  const std::string topics = scenarios + "/als " + scenarios + "/hooks";
  const Ended with_hooks = run_program(folder_, "check " + topics + " --driver '" + driver + "'");
  EXPECT_EQ(with_hooks.status, 1);
  const Ended ended =
      run_program(folder_, "check --als-only " + topics + " --driver '" + driver + "'");
  EXPECT_THAT(ended.output, HasSubstr("skipped: their hooks act on the program"));
  EXPECT_THAT(ended.output, EndsWith(" passed, 0 failed\n"));
}

TEST_F(CheckCommand, still_sees_a_wrong_store_where_a_runtime_has_no_hooks) {
  const std::string driver = driver_that_edits(folder_, "s/ a=1/ a=2/");
  const Ended ended =
      run_program(folder_, "check --als-only " + scenarios + "/als --driver '" + driver + "'");
  EXPECT_EQ(ended.status, 1);
}

TEST_F(CheckCommand, writes_json) {
  folder_.file("s.trace", "mark other\n");
  const auto document =
      nlohmann::json::parse(run_program(folder_, "check s.json --format json").output);
  EXPECT_EQ(document["failed"], 1);
  EXPECT_EQ(document["scenarios"][0]["name"], "s");
  EXPECT_EQ(document["scenarios"][0]["verdict"], "failed");
}

TEST_F(CheckCommand, writes_junit_that_is_xml_whatever_a_driver_prints) {
  const auto driver = folder_.file("noise.sh", R"(printf '<a> & \001 \377 "b"\n')");
  const Ended ended =
      run_program(folder_, "check s.json --format junit --driver 'sh " + driver.string() + "'");
  EXPECT_THAT(ended.output,
              HasSubstr("<testsuites name=\"conformance\" tests=\"1\" failures=\"1\""));
  EXPECT_THAT(ended.output, HasSubstr("message=\"a &lt;mark&gt;\""));
  EXPECT_THAT(ended.output, HasSubstr("&lt;a&gt; &amp; ? \xEF\xBF\xBD &quot;b&quot;"));
  EXPECT_THAT(ended.output, Not(HasSubstr("\x01")));
}

TEST_F(CheckCommand, knows_which_node_the_traces_are_from) {
  EXPECT_THAT(text_of_file(scenarios + "/recorded_with"), testing::StartsWith("node v26."));
}

}  // namespace
}  // namespace contrail::conformance
