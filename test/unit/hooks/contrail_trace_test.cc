// The program contrail-trace, run as a process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "contrail_trace.h"

namespace contrail {
namespace {

using hooks::FlightEvent;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST_F(ContrailTrace, prints_a_line_per_event) {
  const Ran ran = run("timeline " + file());
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(ran.output, HasSubstr("    -10.000000 ms  init Timeout 2 by 1 at src/app.cc:17\n"));
  EXPECT_THAT(ran.output, HasSubstr("     -7.000000 ms    init PROMISE 3 by 2 at src/\"odd\".cc:4 "
                                    "for request 7\n"));
  EXPECT_THAT(ran.output, HasSubstr("init PROMISE 5 by -1 at"));
}

TEST_F(ContrailTrace, prints_what_happened_last) {
  const Ran ran = run("timeline --since 3ms --until 1ms " + file());
  EXPECT_EQ(ran.output,
            "     -3.000000 ms  after PROMISE 3 for request 7\n"
            "     -3.000000 ms  destroy PROMISE 3 for request 7\n"
            "     -2.000000 ms  init Timeout 4 by 2 at src/app.cc:17\n");
}

TEST_F(ContrailTrace, prints_what_belongs_to_a_request) {
  const Ran ran = run("timeline --request 7 " + file());
  EXPECT_THAT(ran.output, AllOf(HasSubstr("init PROMISE 3"), HasSubstr("before PROMISE 3"),
                                HasSubstr("destroy PROMISE 3"), Not(HasSubstr("Timeout"))));
}

TEST_F(ContrailTrace, prints_what_is_of_a_type) {
  const Ran ran = run("timeline --type Timeout " + file());
  EXPECT_THAT(ran.output, AllOf(HasSubstr("Timeout 2"), Not(HasSubstr("PROMISE"))));
}

TEST_F(ContrailTrace, prints_what_is_of_some_types) {
  const Ran ran = run("timeline --type Timeout --type PROMISE " + file() + " -o /dev/stdout");
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(ran.output, AllOf(HasSubstr("Timeout 2"), HasSubstr("PROMISE 3"),
                                Not(HasSubstr("recording enabled"))));
}

TEST_F(ContrailTrace, sums_up) {
  const Ran ran = run("summary " + file());
  EXPECT_EQ(ran.status, 0) << ran.errors;
  EXPECT_THAT(ran.output, HasSubstr("made_up, process 4711, loop 1\n"));
  EXPECT_THAT(ran.output, HasSubstr("live        3 resources"));
  EXPECT_THAT(ran.output, HasSubstr("Timeout at src/app.cc:17 4, which did not return\n"));
}

TEST_F(ContrailTrace, sums_up_as_json) {
  const json sum = json::parse(run("summary --json " + file()).output);
  EXPECT_EQ(sum["events"], 14);
  EXPECT_EQ(sum["by_event"]["init"], 4);
  EXPECT_EQ(sum["by_type"]["PROMISE"]["made"], 2);
  EXPECT_EQ(sum["by_type"]["PROMISE"]["live"], 1);
  EXPECT_EQ(sum["longest_callbacks"][0]["ns"], 2 * millisecond);
}

TEST_F(ContrailTrace, tells_how_long_groups_waited_and_ran) {
  const json groups = json::parse(run("groups --json " + file()).output)["groups"];
  ASSERT_EQ(groups.size(), 2u);
  EXPECT_EQ(groups[0]["type"], "Timeout");
  EXPECT_EQ(groups[0]["callbacks"], 2);
  EXPECT_EQ(groups[0]["run_ns"]["total"], 2 * millisecond);
  EXPECT_EQ(groups[1]["file"], "src/\"odd\".cc");
  EXPECT_EQ(groups[1]["wait_ns"]["max"], 3 * millisecond);
  EXPECT_THAT(run("groups " + file()).output, HasSubstr("Timeout at src/app.cc:17\n"));
}

TEST_F(ContrailTrace, tells_what_caused_what) {
  EXPECT_EQ(run("tree " + file()).output,
            "     made  what, below what caused it\n"
            "        2  Timeout at src/app.cc:17\n"
            "        1    PROMISE at src/\"odd\".cc:4\n"
            "        1  PROMISE at src/\"odd\".cc:4\n");
  const json tree = json::parse(run("tree --json " + file()).output);
  EXPECT_EQ(tree["roots"][0]["caused"][0]["type"], "PROMISE");
}

TEST_F(ContrailTrace, converts_to_the_trace_event_format) {
  const Ran ran = run("chrome " + file());
  const json trace = json::parse(ran.output);
  std::map<std::string, int> phases;
  for (const json& event : trace["traceEvents"]) ++phases[event["ph"]];
  EXPECT_EQ(phases, (std::map<std::string, int>{
                        {"M", 2}, {"b", 4}, {"e", 4}, {"n", 1}, {"X", 4}, {"s", 1}, {"f", 1}}));
}

TEST_F(ContrailTrace, ends_in_the_trace_event_format_what_it_began) {
  for (const char* part : {"--since 4ms ", "--until 4ms ", "--type PROMISE "}) {
    const json trace = json::parse(run("chrome " + std::string(part) + file()).output);
    std::map<std::string, int> open;
    for (const json& event : trace["traceEvents"]) {
      if (event["ph"] == "b") ++open[event["id"]];
      if (event["ph"] == "e") --open[event["id"]];
    }
    for (const auto& [id, count] : open) EXPECT_EQ(count, 0) << id << " with " << part;
  }
}

TEST_F(ContrailTrace, draws_a_graph_that_graphviz_accepts) {
  const std::string graph = dir.path() / "graph.dot";
  ASSERT_EQ(run("dot -o " + graph + " " + file()).status, 0);
  EXPECT_THAT(text_of(graph), HasSubstr("g1 -> g2 [label=\"1\"];"));
  if (std::system("command -v dot >/dev/null") != 0) GTEST_SKIP() << "graphviz is not installed";
  EXPECT_EQ(std::system(("dot -Tsvg -o /dev/null " + graph).c_str()), 0);
}

TEST_F(ContrailTrace, says_where_a_recording_is_damaged_and_uses_the_rest) {
  flight.ring[4].event = FlightEvent{99};
  const Ran ran = run("timeline " + file());
  EXPECT_EQ(ran.status, 3);
  EXPECT_EQ(ran.errors, "contrail-trace: " + path + ": byte " +
                            std::to_string(flight.offset_of(4)) + ": event 99\n");
  EXPECT_THAT(ran.output, HasSubstr("destroy PROMISE 3"));
}

TEST_F(ContrailTrace, uses_what_there_is_of_a_recording_that_was_cut_off) {
  const std::uint64_t end = flight.offset_of(5) + 3;
  std::filesystem::resize_file(file(), end);
  const Ran ran = run("timeline " + path);
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.errors, HasSubstr("byte " + std::to_string(end) + ": the file ends here"));
  EXPECT_THAT(ran.output, AllOf(HasSubstr("before Timeout 2"), Not(HasSubstr("PROMISE"))));
}

TEST_F(ContrailTrace, says_that_a_file_is_no_recording) {
  const Ran ran = run("summary " + dir.file("text", "hello\n").string());
  EXPECT_EQ(ran.status, 3);
  EXPECT_THAT(ran.errors, HasSubstr("text: byte 0: this is no flight recording\n"));
}

TEST_F(ContrailTrace, says_that_a_file_is_missing) {
  const Ran ran = run("summary /nowhere");
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.errors, "contrail-trace: /nowhere: No such file or directory\n");
}

TEST_F(ContrailTrace, says_that_it_cannot_write) {
  const Ran ran = run("timeline -o /dev/full " + file());
  EXPECT_EQ(ran.status, 1);
  EXPECT_EQ(ran.errors, "contrail-trace: /dev/full: No space left on device\n");
}

TEST_F(ContrailTrace, does_not_write_over_the_recording) {
  const Ran ran = run("chrome " + file() + " -o " + path);
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(text_of(path), flight.bytes());
}

TEST_F(ContrailTrace, refuses_a_command_line_that_it_does_not_understand) {
  for (const char* arguments : {"", "summary", "nothing x", "summary x --since yesterday",
                                "timeline x --json", "summary x --request many"}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_THAT(ran.errors, StartsWith("contrail-trace: ")) << arguments;
  }
}

TEST_F(ContrailTrace, explains_itself) {
  const Ran ran = run("--help");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("Examples:"), HasSubstr("timeline")));
}

}  // namespace
}  // namespace contrail
