// contrail-trace perfetto, whose output is read by protoc.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "contrail/hooks/flight_recorder.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "contrail_trace.h"
#include "decoded_trace.h"
#include "time_line.h"

namespace contrail {
namespace {

using hooks::FlightEvent;
using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class ContrailTracePerfetto : public ContrailTrace {
 protected:
  void SetUp() override {
    if (!DecodedTrace::is_possible()) GTEST_SKIP() << "there is no protoc";
  }

  /// What is made of the recording. Every field is one of Perfetto's schema.
  TimeLine convert(const std::string& arguments, int status = 0) {
    const Ran ran = run("perfetto " + arguments + " -o " + output);
    EXPECT_EQ(ran.status, status) << ran.errors;
    decoded.emplace(output);
    EXPECT_TRUE(decoded->succeeded()) << decoded->text();
    EXPECT_FALSE(decoded->has_unknown_fields()) << decoded->text();
    return TimeLine(*decoded);
  }
  /// As many as there are of the same in the Trace Event Format.
  std::size_t slices_in_json(const std::string& arguments) const {
    std::size_t slices = 0;
    const json trace = json::parse(run("chrome " + arguments).output);
    for (const json& event : trace["traceEvents"]) {
      if (event["ph"] == "b" || event["ph"] == "X") ++slices;
    }
    return slices;
  }
  static std::vector<std::string> names(const std::vector<Slice>& slices) {
    std::vector<std::string> names;
    for (const Slice& slice : slices) names.push_back(slice.name);
    return names;
  }

  std::string output = dir.path() / "app.pftrace";
  std::optional<DecodedTrace> decoded;
};

TEST_F(ContrailTracePerfetto, shows_resources_callbacks_and_waits) {
  const TimeLine line = convert(file());
  EXPECT_THAT(names(line.on("Timeout")), ElementsAre("Timeout", "Timeout"));
  EXPECT_THAT(names(line.on("PROMISE")), ElementsAre("PROMISE", "PROMISE"));
  EXPECT_THAT(names(line.on("loop 1")), ElementsAre("wait", "Timeout", "PROMISE", "Timeout"));
  EXPECT_THAT(names(line.instants()), ElementsAre("resolve"));
}

TEST_F(ContrailTracePerfetto, has_the_times_of_the_recording) {
  const Slice wait = convert(file()).on("loop 1").at(0);
  EXPECT_EQ(wait.begin, 3U * millisecond);
  EXPECT_EQ(wait.end, 5U * millisecond);
}

TEST_F(ContrailTracePerfetto, has_the_slices_that_the_trace_event_format_has) {
  for (const char* part : {"", "--since 4ms ", "--until 4ms ", "--type PROMISE ", "--request 7 "}) {
    const std::string arguments = part + file();
    EXPECT_THAT(convert(arguments).slices(), SizeIs(slices_in_json(arguments))) << part;
  }
}

TEST_F(ContrailTracePerfetto, has_what_a_recorder_has_recorded) {
  Loop loop;
  {
    hooks::FlightRecorder recorder(path);
    set_immediate([] { set_timeout([] { next_tick([] {}); }); });
    Promise<int>::resolve(1).then([](int) {}).detach();
    loop.run();
  }
  const TimeLine line = convert(path);
  EXPECT_THAT(line.slices(), SizeIs(slices_in_json(path)));
  EXPECT_THAT(line.flows(), UnorderedElementsAre("Immediate -> Timeout", "Timeout -> TickObject"));
  EXPECT_THAT(line.on("Immediate"), SizeIs(1));
}

TEST_F(ContrailTracePerfetto, draws_flows_from_callbacks_to_those_of_what_was_made_in_them) {
  EXPECT_THAT(convert(file()).flows(), ElementsAre("Timeout -> PROMISE"));
}

TEST_F(ContrailTracePerfetto, draws_no_flows_from_what_is_not_shown) {
  EXPECT_THAT(convert("--type PROMISE " + file()).flows(), IsEmpty());
  EXPECT_THAT(convert("--since 4ms " + file()).flows(), IsEmpty());
}

TEST_F(ContrailTracePerfetto, shows_resources_whose_callbacks_are_inside_each_other) {
  flight.add(FlightEvent::before, 12 * millisecond, 5, 0, 2);
  flight.add(FlightEvent::after, 12 * millisecond, 4, 0, 1);
  const TimeLine line = convert(file());
  EXPECT_THAT(line.flows(), ElementsAre("Timeout -> PROMISE", "Timeout -> PROMISE"));
  EXPECT_THAT(line.on("loop 1"), SizeIs(5));
}

TEST_F(ContrailTracePerfetto, joins_what_belongs_to_a_request) {
  const TimeLine line = convert(file());
  std::vector<std::string> requests;
  for (const Slice& slice : line.slices()) {
    if (slice.event->has("correlation_id")) {
      requests.push_back(slice.track + ' ' + (*slice.event)["correlation_id"].value);
    }
  }
  EXPECT_THAT(requests, UnorderedElementsAre("PROMISE 7", "loop 1 7"));
}

TEST_F(ContrailTracePerfetto, says_what_resources_are_and_where_they_were_made) {
  const TimeLine line = convert(file());
  const Slice timer = line.on("Timeout").at(1);
  EXPECT_EQ(line.site(timer), "src/app.cc:17");
  EXPECT_EQ(line.argument(timer, "async_id"), "4");
  EXPECT_EQ(line.argument(timer, "trigger_async_id"), "2");
  EXPECT_EQ(line.argument(line.on("loop 1").at(3), "trigger_async_id"), "2");
  EXPECT_EQ(line.argument(line.on("PROMISE").at(1), "trigger_async_id"), "-1");
}

TEST_F(ContrailTracePerfetto, names_the_process_and_the_loop) {
  convert(file());
  const auto tracks = decoded->data("track_descriptor");
  ASSERT_THAT(tracks, SizeIs(::testing::Ge(2U)));
  EXPECT_EQ((*tracks[0])["process"]["process_name"].value, "made_up");
  EXPECT_EQ((*tracks[0])["process"]["pid"].value, "4711");
  EXPECT_EQ((*tracks[1])["thread"]["thread_name"].value, "loop 1");
}

TEST_F(ContrailTracePerfetto, relates_its_clock_to_the_calendar) {
  flight.header.wall_start = 1234567890;
  convert(file());
  const auto snapshots = decoded->data("clock_snapshot");
  ASSERT_THAT(snapshots, SizeIs(1));
  const auto clocks = snapshots[0]->all("clocks");
  ASSERT_THAT(clocks, SizeIs(2));
  EXPECT_EQ((*clocks[0])["clock_id"].value, "3");
  EXPECT_EQ((*clocks[0])["timestamp"].value, "1000");
  EXPECT_EQ((*clocks[1])["clock_id"].value, "1");
  EXPECT_EQ((*clocks[1])["timestamp"].value, "1234567890");
  EXPECT_EQ((*snapshots[0])["primary_trace_clock"].value, "3");
}

TEST_F(ContrailTracePerfetto, uses_what_is_whole_of_a_damaged_recording) {
  flight.ring[4].event = FlightEvent{99};  // A callback begins.
  EXPECT_THAT(names(convert(file(), 3).on("loop 1")), ElementsAre("wait", "PROMISE", "Timeout"));
}

TEST_F(ContrailTracePerfetto, shows_a_running_callback_until_the_copy_was_made) {
  flight.header.copied = 512 * millisecond;
  const TimeLine line = convert(file());
  const Slice timer = line.on("loop 1").back();
  EXPECT_EQ(timer.begin, 12U * millisecond);
  EXPECT_EQ(timer.end, 512U * millisecond);
  EXPECT_GE(line.on("Timeout").at(1).end, timer.end);
}

TEST_F(ContrailTracePerfetto, is_not_misled_by_a_damaged_time) {
  flight.ring[2].time = std::int64_t{1} << 60;
  const Slice timer = convert(file(), 3).on("loop 1").at(0);
  EXPECT_EQ(timer.name, "Timeout");
  EXPECT_EQ(timer.end, 7U * millisecond);
}

TEST_F(ContrailTracePerfetto, uses_what_there_is_of_a_recording_that_was_cut_off) {
  std::filesystem::resize_file(file(), flight.offset_of(5) + 3);
  EXPECT_THAT(names(convert(path, 3).slices()), UnorderedElementsAre("Timeout", "wait", "Timeout"));
}

TEST_F(ContrailTracePerfetto, is_nothing_for_a_terminal) {
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(::grantpt(terminal) | ::unlockpt(terminal), 0);
  const Ran ran = run("perfetto " + file() + " >" + ::ptsname(terminal));
  ::close(terminal);
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.errors, "contrail-trace: this is nothing for a terminal: give a file by -o\n");
}

TEST_F(ContrailTracePerfetto, goes_to_standard_output_if_that_is_none) {
  convert(file());
  EXPECT_EQ(run("perfetto " + path).output, text_of(output));
}

}  // namespace
}  // namespace contrail
