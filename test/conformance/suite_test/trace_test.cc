#include <gtest/gtest.h>

#include "program.h"

namespace contrail::conformance {
namespace {

constexpr const char* resource_that_dies = R"({"hooks": [{"name": "h", "events": ["destroy"]}],
 "main": [["enable", "h"], ["resource", "r", "RES"]]})";

TEST(TraceCommand, prints_a_line_an_event) {
  const TempDir folder;
  folder.file("s.json", R"({"als": ["a"], "main": [["run", "a", 1, [["log", "L"]]]]})");
  const Ended ended = run_program(folder, "trace s.json");
  EXPECT_EQ(ended.status, 0);
  EXPECT_EQ(ended.output, "log L exec=main trigger=boot a=1\n");
}

TEST(TraceCommand, reads_standard_input) {
  const TempDir folder;
  folder.file("s.json", R"({"main": [["mark", "m"]]})");
  EXPECT_EQ(run_program(folder, "trace - <s.json").output, "mark m\n");
}

TEST(TraceCommand, takes_no_time_on_the_fake_clock) {
  const TempDir folder;
  folder.file("s.json", R"({"main": [["timeout", 86400000, [["mark", "a day later"]]]]})");
  EXPECT_EQ(run_program(folder, "trace s.json").output, "mark a day later\n");
}

TEST(TraceCommand, takes_the_same_course_in_real_time) {
  const TempDir folder;
  folder.file("s.json", R"({"main": [["timeout", 20, [["mark", "later"]]], ["mark", "now"]]})");
  EXPECT_EQ(run_program(folder, "trace --real-time s.json").output, "mark now\nmark later\n");
}

TEST(TraceCommand, leaves_out_what_waits_for_a_garbage_collector) {
  const TempDir folder;
  folder.file("s.json", resource_that_dies);
  EXPECT_EQ(run_program(folder, "trace s.json").output,
            "resource r id=#3 trigger=main\nh destroy main\n");
}

}  // namespace
}  // namespace contrail::conformance
