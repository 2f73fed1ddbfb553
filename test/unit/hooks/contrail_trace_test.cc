// The program contrail-trace, run as a process.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

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
  EXPECT_THAT(ran.output, HasSubstr("    -10.000000 ms  init Timeout 2 by 1 at app.cc:17\n"));
  EXPECT_THAT(ran.output, HasSubstr("     -7.000000 ms    init PROMISE 3 by 2 at \"odd\".cc:4 "
                                    "for request 7\n"));
  EXPECT_THAT(ran.output, HasSubstr("init PROMISE 5 by -1 at"));
}

TEST_F(ContrailTrace, prints_what_happened_last) {
  const Ran ran = run("timeline --since 3ms --until 1ms " + file());
  EXPECT_EQ(ran.output,
            "     -3.000000 ms  after PROMISE 3 for request 7\n"
            "     -3.000000 ms  destroy PROMISE 3 for request 7\n"
            "     -2.000000 ms  init Timeout 4 by 2 at app.cc:17\n");
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
  EXPECT_THAT(ran.output, HasSubstr("at least 0 ns  Timeout 4 at app.cc:17\n"));
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
  EXPECT_THAT(run("groups " + file()).output, HasSubstr("Timeout at app.cc:17\n"));
}

TEST_F(ContrailTrace, tells_what_caused_what) {
  EXPECT_EQ(run("tree " + file()).output,
            "     made  what, below what caused it\n"
            "        2  Timeout at app.cc:17\n"
            "        1    PROMISE at \"odd\".cc:4\n"
            "        1  PROMISE at \"odd\".cc:4\n");
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
  for (const char* arguments :
       {"", "summary", "nothing x", "summary x --since yesterday", "timeline x --json",
        "summary x --request many", "summary x --request -1"}) {
    const Ran ran = run(arguments);
    EXPECT_EQ(ran.status, 2) << arguments;
    EXPECT_THAT(ran.errors, StartsWith("contrail-trace: ")) << arguments;
  }
}

TEST_F(ContrailTrace, does_not_count_as_live_what_may_have_died_while_recording_was_off) {
  flight.add(FlightEvent::disabled, 13 * millisecond);
  flight.add(FlightEvent::enabled, 14 * millisecond);
  flight.add(FlightEvent::before, 15 * millisecond, 2, 0, 1);
  flight.add(FlightEvent::after, 15 * millisecond, 2, 0, 1);
  EXPECT_THAT(run("summary " + file()).output,
              AllOf(HasSubstr("live        1 resource at the end\n"),
                    HasSubstr("recording was off 1 time: live is what was seen since it "
                              "was switched on\n")));
  const json sum = json::parse(run("summary --json --type Timeout " + file()).output);
  EXPECT_EQ(sum["live"], 1);
  EXPECT_EQ(sum["times_off"], 1);
  const json groups = json::parse(run("groups --json " + file()).output)["groups"];
  EXPECT_EQ(groups[0]["live"], 1);
  EXPECT_EQ(groups[1]["live"], 0);
}

TEST_F(ContrailTrace, counts_as_live_what_was_when_recording_ended_switched_off) {
  flight.add(FlightEvent::disabled, 13 * millisecond);
  EXPECT_EQ(json::parse(run("summary --json " + file()).output)["live"], 3);
}

TEST_F(ContrailTrace, says_first_what_was_running_when_a_copy_was_made) {
  flight.header.copied = 512 * millisecond;
  flight.add(FlightEvent::before, 12 * millisecond, 5, 0, 2);
  EXPECT_THAT(run("summary " + file()).output, HasSubstr("running at the end, innermost first\n"
                                                         "   500 ms  PROMISE 5 at \"odd\".cc:4\n"
                                                         "   500 ms  Timeout 4 at app.cc:17\n"));
  const json running = json::parse(run("summary --json " + file()).output)["running_at_end"];
  ASSERT_EQ(running.size(), 2u);
  EXPECT_EQ(running[1]["async_id"], 4);
  EXPECT_EQ(running[1]["ns"], 500 * millisecond);
  EXPECT_EQ(running[1]["at_least"], false);
}

TEST_F(ContrailTrace, says_how_long_at_least_a_callback_was_running) {
  flight.add(FlightEvent::init, 15 * millisecond, 6, 4, 1);
  EXPECT_THAT(run("summary " + file()).output,
              HasSubstr("at least 3.00 ms  Timeout 4 at app.cc:17\n"));
  const json running = json::parse(run("summary --json " + file()).output)["running_at_end"];
  EXPECT_EQ(running[0]["at_least"], true);
}

TEST_F(ContrailTrace, says_nothing_is_running_that_ran_when_recording_was_switched_off) {
  flight.add(FlightEvent::disabled, 13 * millisecond);
  EXPECT_THAT(run("summary " + file()).output,
              AllOf(Not(HasSubstr("running at")),
                    HasSubstr("Timeout 4 at app.cc:17, which did not return\n")));
}

TEST_F(ContrailTrace, gives_a_running_callback_its_duration_in_the_trace_event_format) {
  flight.header.copied = 512 * millisecond;
  const json trace = json::parse(run("chrome " + file()).output);
  std::vector<double> durations;
  for (const json& event : trace["traceEvents"]) {
    if (event["ph"] == "X" && event["name"] == "Timeout") durations.push_back(event["dur"]);
  }
  EXPECT_THAT(durations, ::testing::ElementsAre(2000, 500'000));
}

TEST_F(ContrailTrace, counts_as_live_in_groups_only_what_is_asked_for) {
  const json groups = json::parse(run("groups --json --request 7 " + file()).output)["groups"];
  ASSERT_EQ(groups.size(), 1u);
  EXPECT_EQ(groups[0]["made"], 1);
  EXPECT_EQ(groups[0]["live"], 0);
}

TEST_F(ContrailTrace, does_not_take_for_running_what_ended_around_it) {
  flight.add(FlightEvent::before, 13 * millisecond, 5, 0, 2);
  flight.add(FlightEvent::after, 14 * millisecond, 4, 0, 1);
  EXPECT_TRUE(json::parse(run("summary --json " + file()).output)["running_at_end"].empty());
}

TEST_F(ContrailTrace, counts_as_live_only_what_is_asked_for) {
  const json of_type = json::parse(run("summary --json --type PROMISE " + file()).output);
  EXPECT_EQ(of_type["live"], 1);
  EXPECT_EQ(of_type["by_type"].size(), 1u);
  const json of_request = json::parse(run("summary --json --request 7 " + file()).output);
  EXPECT_EQ(of_request["live"], 0);
  EXPECT_EQ(of_request["by_type"].size(), 1u);
}

TEST_F(ContrailTrace, says_that_nothing_matches) {
  const Ran of_type = run("summary --type Timeuot --type PROMISE " + file());
  EXPECT_EQ(of_type.status, 0);
  EXPECT_EQ(of_type.errors, "contrail-trace: nothing matches: --type Timeuot\n");
  const Ran of_time = run("timeline --since 1ms --until 2ms " + file());
  EXPECT_EQ(of_time.status, 0);
  EXPECT_EQ(of_time.errors, "contrail-trace: nothing matches: --since 1ms --until 2ms\n");
  EXPECT_EQ(run("timeline --request 99 " + file()).errors,
            "contrail-trace: nothing matches: --request 99\n");
  EXPECT_EQ(run("timeline " + file()).errors, "");
}

TEST_F(ContrailTrace, names_the_subcommand_that_it_does_not_know) {
  const Ran ran = run("sumary x");
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.errors,
            "contrail-trace: there is no subcommand sumary, but summary, timeline, groups, tree, "
            "dot, chrome, perfetto (see --help)\n");
}

TEST_F(ContrailTrace, names_what_is_no_regular_file_once) {
  EXPECT_EQ(run("summary /dev/null").errors,
            "contrail-trace: /dev/null: this is no regular file\n");
}

TEST_F(ContrailTrace, tells_the_time_of_day) {
  flight.header.wall_start = 1'700'000'000'123'456'000;
  EXPECT_THAT(run("summary " + file()).output,
              AllOf(HasSubstr("starts      2023-11-14T22:13:20.123Z\n"),
                    HasSubstr("ends        2023-11-14T22:13:20.135Z\n")));
  const json sum = json::parse(run("summary --json " + file()).output);
  EXPECT_EQ(sum["starts"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(sum["ends"], "2023-11-14T22:13:20.135Z");
  EXPECT_THAT(run("timeline --utc --type Timeout " + file()).output,
              StartsWith("2023-11-14T22:13:20.125455Z  init Timeout 2 by 1 at app.cc:17\n"));
  EXPECT_EQ(run("groups --utc " + path).status, 2);
}

TEST_F(ContrailTrace, does_not_trust_a_time_outside_the_plausible) {
  for (const std::int64_t damage : {std::int64_t{1} << 60, std::int64_t{1} << 40}) {
    for (const std::size_t place : {2, 14}) {
      MadeUpFlight damaged = flight;
      damaged.ring[place].time = damage;
      damaged.write(path);
      const Ran ran = run("summary --json " + path);
      if (place == 14 && damage == std::int64_t{1} << 40) continue;  // It may have slept.
      EXPECT_EQ(ran.status, 3);
      EXPECT_THAT(ran.errors, HasSubstr("a time beyond reason"));
      EXPECT_LE(json::parse(ran.output)["span_ns"], 12 * millisecond);
    }
  }
}

TEST_F(ContrailTrace, indents_only_below_what_it_shows) {
  flight.add(FlightEvent::before, 12 * millisecond, 5, 8, 2);
  flight.add(FlightEvent::request, 13 * millisecond, 6, 8, 1);
  flight.add(FlightEvent::init, 13 * millisecond, 6, 5, 1);
  EXPECT_EQ(run("timeline --request 8 " + file()).output,
            "     -1.000000 ms  before PROMISE 5 for request 8\n"
            "      0.000000 ms    init Timeout 6 by 5 at app.cc:17 for request 8\n");
}

TEST_F(ContrailTrace, says_only_the_name_of_the_only_file) {
  MadeUpFlight other;
  other.header.groups = 1;
  other.add_group("Timeout", "/home/me/src/app.cc", 17);
  other.add(FlightEvent::init, 2000, 2, 1, 1);
  other.write(path);
  EXPECT_THAT(run("timeline " + path).output, HasSubstr(" at app.cc:17\n"));
  EXPECT_THAT(run("groups --json " + path).output, HasSubstr("/home/me/src/app.cc"));
}

TEST_F(ContrailTrace, keeps_the_directories_that_differ) {
  MadeUpFlight other;
  other.header.groups = 1;
  other.add_group("Timeout", "/home/me/src/a/app.cc", 17);
  other.add_group("Immediate", "/home/me/src/ab/app.cc", 18);
  other.add(FlightEvent::init, 2000, 2, 1, 1);
  other.write(path);
  EXPECT_THAT(run("timeline " + path).output, HasSubstr(" at a/app.cc:17\n"));
}

TEST_F(ContrailTrace, explains_itself) {
  const Ran ran = run("--help");
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.output, AllOf(HasSubstr("Examples:"), HasSubstr("timeline")));
}

}  // namespace
}  // namespace contrail
