#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace contrail::conformance {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// Two topics: in one a store is logged, in the other a hook listens.
class ReportCommand : public testing::Test {
 protected:
  ReportCommand() {
    for (const char* topic : {"scenarios", "scenarios/stores", "scenarios/events"}) {
      std::filesystem::create_directory(folder_.path() / topic);
    }
    folder_.file("scenarios/recorded_with", "node v1.2.3\n");
    folder_.file("scenarios/stores/s.json", R"({"about": "a store", "als": ["a"],
 "main": [["run", "a", 1, [["log", "in"]]]]})");
    folder_.file("scenarios/stores/s.trace", "log in exec=main trigger=boot a=1\n");
    folder_.file("scenarios/events/e.json", R"({"about": "an event", "hooks": [{"name": "h"}],
 "main": [["enable", "h"], ["nextTick"]]})");
    folder_.file("scenarios/events/e.trace",
                 "h init #3 TickObject trigger=main exec=main\nh after main\nh before #3\n"
                 "h after #3\nh destroy main\nh destroy #3\n");
  }
  Ended report(const std::string& arguments) {
    return run_program(folder_, "report scenarios " + arguments);
  }

  TempDir folder_;
};

TEST_F(ReportCommand, prints_a_page_about_contrail) {
  const Ended ended = report("");
  EXPECT_EQ(ended.status, 0) << ended.errors;
  EXPECT_THAT(ended.output, StartsWith("# Conformance\n"));
  EXPECT_THAT(ended.output, HasSubstr("recorded from node v1.2.3"));
  EXPECT_THAT(ended.output, HasSubstr("\n| all | 2/2 |\n"));
  EXPECT_THAT(ended.output, Not(HasSubstr("Where a runtime differs")));
}

TEST_F(ReportCommand, shows_how_a_runtime_differs) {
  const std::string driver = driver_that_edits(folder_, "s/ a=1/ a=2/");
  const Ended ended = report("--runtime 'Other 1=" + driver + "'");
  EXPECT_THAT(ended.output, HasSubstr("\n| stores | 1/1 | **0/1** |\n"));
  EXPECT_THAT(ended.output, HasSubstr("### Other 1\n"));
  EXPECT_THAT(ended.output, HasSubstr("stores: 1 of 1 differ. stores/s: a store"));
  EXPECT_THAT(ended.output, HasSubstr("! log in a=1 | log in a=2\n"));
}

TEST_F(ReportCommand, counts_stores_apart_from_hooks) {
  const std::string driver = driver_that_edits(folder_, "/^h /d");
  const Ended ended = report("--runtime 'Hookless 1=" + driver + "'");
  EXPECT_THAT(ended.output, HasSubstr("\n| events | 1/1 | **0/1** |\n"));
  EXPECT_THAT(ended.output, HasSubstr("\n| all | 2/2 | 2/2 |\n"));
}

TEST_F(ReportCommand, leaves_out_a_runtime_that_cannot_be_run) {
  const Ended ended = report("--runtime 'Nothing 1=/nowhere'");
  EXPECT_EQ(ended.status, 0);
  EXPECT_THAT(ended.errors, StartsWith("report: Nothing 1 is left out: "));
  EXPECT_THAT(ended.output, Not(HasSubstr("Nothing")));
}

TEST_F(ReportCommand, writes_a_page_and_the_picture_that_it_shows) {
  const Ended ended = report("--out docs/page.md --picture docs/images/page.svg");
  EXPECT_THAT(ended.output, HasSubstr("2 passed, 0 failed\n"));
  EXPECT_THAT(text_of_file(folder_.path() / "docs/page.md"), HasSubstr("](images/page.svg)"));
  EXPECT_THAT(text_of_file(folder_.path() / "docs/images/page.svg"), StartsWith("<svg "));
}

TEST_F(ReportCommand, wants_a_name_for_every_runtime) {
  const Ended ended = report("--runtime /usr/bin/node");
  EXPECT_EQ(ended.status, 2);
  EXPECT_THAT(ended.errors, HasSubstr("--runtime takes NAME=COMMAND, got \"/usr/bin/node\""));
}

}  // namespace
}  // namespace contrail::conformance
