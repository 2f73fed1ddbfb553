#include "contrail/testing/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace contrail::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Trace, is_made_of_the_lines_that_are_not_blank) {
  const Trace trace("  init Timeout:1 by root\n\nbefore Timeout:1  \r\n");
  EXPECT_THAT(trace.lines(), ElementsAre("init Timeout:1 by root", "before Timeout:1"));
  EXPECT_EQ(trace.text(), "init Timeout:1 by root\nbefore Timeout:1\n");
}

TEST(Trace, numbers_resources_by_type_and_appearance) {
  const Trace trace("init Timeout:9 by root\ninit Tick:a by Timeout:9\nbefore Timeout:2");
  EXPECT_EQ(trace.canonical().text(),
            "init Timeout:1 by root\ninit Tick:1 by Timeout:1\nbefore Timeout:2\n");
}

TEST(Trace, knows_ids_that_have_no_type) {
  EXPECT_EQ(Trace("h init #7 Timeout trigger=#4").canonical().text(),
            "h init #1 Timeout trigger=#2\n");
}

TEST(Trace, keeps_numbers_that_are_no_ids) {
  EXPECT_EQ(Trace("log 10:30 took 5").canonical().text(), "log 10:30 took 5\n");
}

TEST(Trace, equals_one_that_numbers_differently) {
  EXPECT_EQ(Trace("init A:4 by root\nbefore A:4"), Trace("init A:first by root\nbefore A:first"));
}

TEST(Trace, differs_from_one_where_somebody_else_did_it) {
  EXPECT_FALSE(Trace("init A:1\ninit A:2\nbefore A:1") == Trace("init A:1\ninit A:2\nbefore A:2"));
}

TEST(TraceDiff, is_empty_between_equals) {
  EXPECT_EQ(diff(Trace("init A:4\nbefore A:4"), Trace("init A:1\nbefore A:1")), "");
}

TEST(TraceDiff, shows_a_line_that_is_missing) {
  EXPECT_EQ(diff(Trace("init A:1\nbefore A:1\nafter A:1"), Trace("init A:1\nafter A:1")),
            "  init A:1\n"
            "- before A:1\n"
            "  after A:1\n");
}

TEST(TraceDiff, shows_a_line_too_many) {
  EXPECT_EQ(diff(Trace("init A:1\ndestroy A:1"), Trace("init A:1\nbefore A:1\ndestroy A:1")),
            "  init A:1\n"
            "+ before A:1\n"
            "  destroy A:1\n");
}

TEST(TraceDiff, shows_another_cause) {
  EXPECT_EQ(
      diff(Trace("init A:1 by root\ninit B:1 by A:1"), Trace("init A:1 by root\ninit B:1 by root")),
      "  init A:1 by root\n"
      "- init B:1 by A:1\n"
      "+ init B:1 by root\n");
}

TEST(TraceDiff, does_not_blame_the_numbers_for_a_missing_resource) {
  EXPECT_EQ(diff(Trace("init A:1 by root\ninit A:2 by A:1\nbefore A:2"),
                 Trace("init A:1 by B:1\ninit A:2 by A:1\nbefore A:2")),
            "- init A:1 by root\n"
            "+ init A:1 by B:1\n"
            "  init A:2 by A:1\n"
            "  before A:2\n");
}

TEST(TraceDiff, marks_a_resource_that_took_the_place_of_another) {
  EXPECT_EQ(diff(Trace("init A:1\ninit A:2\nbefore A:1\nbefore A:2"),
                 Trace("init A:1\ninit A:2\nbefore A:2\nbefore A:1")),
            "  init A:1\n"
            "  init A:2\n"
            "- before A:1\n"
            "+ before A:2\n"
            "- before A:2\n"
            "+ before A:1\n");
}

TEST(TraceDiff, tells_a_stranger_from_the_one_whose_name_it_has) {
  EXPECT_THAT(diff(Trace("init A:1\nbefore A:1"), Trace("init A:2\nbefore A:1")),
              HasSubstr("+ before A:1*\n"));
}

}  // namespace
}  // namespace contrail::testing
