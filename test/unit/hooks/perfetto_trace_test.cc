#include "contrail/hooks/perfetto_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/sampling.h"
#include "contrail/timers.h"
#include "decoded_trace.h"
#include "time_line.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class PerfettoTrace : public ::testing::Test {
 protected:
  PerfettoTrace() {
    std::string name = (std::filesystem::temp_directory_path() / "trace-XXXXXX").string();
    ::close(::mkstemp(name.data()));
    path = name;
  }
  ~PerfettoTrace() override { std::filesystem::remove(path); }
  void SetUp() override {
    if (!DecodedTrace::is_possible()) GTEST_SKIP() << "there is no protoc";
  }

  void trace(hooks::TraceOptions options = {}) { tracer.emplace(path, std::move(options)); }

  /// The file as it is now. Every field is one of Perfetto's schema.
  const DecodedTrace& decode() {
    decoded.emplace(path);
    EXPECT_TRUE(decoded->succeeded()) << decoded->text();
    EXPECT_FALSE(decoded->has_unknown_fields()) << decoded->text();
    return *decoded;
  }
  TimeLine result() {
    tracer.reset();
    return TimeLine(decode());
  }
  static std::vector<std::string> names(const std::vector<Slice>& slices) {
    std::vector<std::string> names;
    for (const Slice& slice : slices) names.push_back(slice.name);
    return names;
  }

  std::filesystem::path path;
  Loop loop;
  std::optional<hooks::PerfettoTrace> tracer;
  std::optional<DecodedTrace> decoded;
};

TEST_F(PerfettoTrace, shows_a_resource_on_the_track_of_its_type) {
  trace();
  set_immediate([] {});
  loop.run();
  const TimeLine line = result();
  const auto slices = line.on("Immediate");
  ASSERT_THAT(slices, SizeIs(1));
  EXPECT_EQ(slices[0].name, "Immediate");
  EXPECT_EQ(line.argument(slices[0], "async_id"), "2");
  EXPECT_EQ(line.argument(slices[0], "trigger_async_id"), "1");
}

TEST_F(PerfettoTrace, shows_callbacks_on_the_track_of_the_thread) {
  trace({.thread_name = "main loop"});
  set_immediate([] { next_tick([] {}); });
  loop.run();
  EXPECT_THAT(names(result().on("main loop")), ElementsAre("root", "Immediate", "TickObject"));
}

TEST_F(PerfettoTrace, has_as_many_tracks_of_a_type_as_there_were_resources_at_a_time) {
  trace();
  for (int round = 0; round < 3; ++round) {
    set_immediate([] {});
    set_immediate([] {});
    loop.run();
  }
  const TimeLine line = result();
  EXPECT_THAT(line.on("Immediate"), SizeIs(6));
  EXPECT_EQ(line.tracks("Immediate"), 2);
}

TEST_F(PerfettoTrace, puts_the_tracks_of_resources_below_the_thread_in_the_process) {
  trace({.process_name = "shop"});
  set_immediate([] {});
  loop.run();
  tracer.reset();
  const auto tracks = decode().data("track_descriptor");
  ASSERT_THAT(tracks, SizeIs(3));
  EXPECT_EQ((*tracks[0])["process"]["process_name"].value, "shop");
  EXPECT_EQ((*tracks[0])["process"]["pid"].value, std::to_string(::getpid()));
  EXPECT_EQ((*tracks[1])["parent_uuid"].value, (*tracks[0])["uuid"].value);
  EXPECT_EQ((*tracks[1])["thread"]["pid"].value, std::to_string(::getpid()));
  EXPECT_EQ((*tracks[2])["parent_uuid"].value, (*tracks[1])["uuid"].value);
}

TEST_F(PerfettoTrace, draws_arrows_from_causes_to_first_callbacks) {
  trace();
  set_immediate([] { set_timeout([] { next_tick([] {}); }, 1ms); });
  loop.run();
  EXPECT_THAT(result().flows(), UnorderedElementsAre("root -> Immediate", "Immediate -> Timeout",
                                                     "Timeout -> TickObject"));
}

TEST_F(PerfettoTrace, draws_the_arrow_from_a_mark_on_a_cause_that_is_not_running) {
  trace();
  AsyncResource server("Server");
  server.run_in_async_scope([] {});
  AsyncResource socket("Socket", {.trigger = &server});
  socket.run_in_async_scope([] {});
  const TimeLine line = result();
  EXPECT_THAT(line.flows(), UnorderedElementsAre("root -> Server", "causes -> Socket"));
  ASSERT_THAT(line.instants(), SizeIs(1));
  EXPECT_EQ(line.instants()[0].track, "Server");
}

TEST_F(PerfettoTrace, draws_arrows_between_callbacks_inside_each_other) {
  trace();
  AsyncResource outer("Outer");
  outer.run_in_async_scope([] {
    AsyncResource inner("Inner");
    inner.run_in_async_scope([] { set_immediate([] {}); });
    set_timeout([] {}, 1ms);
  });
  loop.run();
  EXPECT_THAT(result().flows(), UnorderedElementsAre("root -> Outer", "Outer -> Inner",
                                                     "Inner -> Immediate", "Outer -> Timeout"));
}

TEST_F(PerfettoTrace, draws_no_more_arrows_than_the_limit) {
  trace({.arrows_max = 3});
  for (int i = 0; i < 10; ++i) set_immediate([] {});
  loop.run();
  EXPECT_EQ(tracer->dropped_arrows(), 7U);
  const TimeLine line = result();
  EXPECT_THAT(line.flows(), SizeIs(3));
  EXPECT_THAT(names(line.instants()), ElementsAre("dropped: 0 events, 7 arrows"));
}

TEST_F(PerfettoTrace, joins_what_belongs_to_a_request) {
  AsyncLocalStorage<std::uint64_t> request;
  trace({.request = [&] {
    const auto* number = request.get_store();
    return number ? *number : std::uint64_t{0};
  }});
  request.run(42, [] { set_immediate([] { next_tick([] {}); }); });
  set_timeout([] {}, 1ms);
  loop.run();
  std::multiset<std::string> found;
  const TimeLine line = result();
  for (const Slice& slice : line.on("event loop")) {
    found.insert(slice.name + ' ' + (*slice.event)["correlation_id"].value);
  }
  EXPECT_THAT(found, UnorderedElementsAre("root ", "Immediate 42", "TickObject 42", "Timeout "));
}

TEST_F(PerfettoTrace, says_where_a_resource_was_made) {
  trace();
  set_immediate([] {});
  const std::string site = std::string(__FILE__) + ':' + std::to_string(__LINE__ - 1);
  loop.run();
  const TimeLine line = result();
  EXPECT_EQ(line.site(line.on("Immediate").at(0)), site);
  EXPECT_EQ(line.site(line.on("event loop").at(1)), site);
}

TEST_F(PerfettoTrace, shows_the_details_of_a_timer_and_those_that_the_user_adds) {
  trace({.describe = [](const ResourceInfo&) { return std::string(200, 'x'); }});
  set_interval([] {}, 25ms);
  const TimeLine line = result();
  const Slice timer = line.on("Timeout").at(0);
  EXPECT_EQ(line.argument(timer, "delay_ms"), "25");
  EXPECT_EQ(line.argument(timer, "repeat"), "true");
  EXPECT_EQ(line.argument(timer, "details"), std::string(200, 'x'));
}

TEST_F(PerfettoTrace, shows_when_a_promise_was_settled) {
  trace();
  Promise<int>::resolve(1).then([](int) {}).detach();
  loop.run();
  const TimeLine line = result();
  EXPECT_THAT(names(line.instants()), ElementsAre("resolve", "resolve"));
  EXPECT_EQ(line.instants()[0].track, "PROMISE");
}

TEST_F(PerfettoTrace, writes_an_unassigned_trigger_as_node_does) {
  trace();
  AsyncResource resource("Socket", {.trigger_async_id = unassigned_async_id});
  const TimeLine line = result();
  EXPECT_EQ(line.argument(line.on("Socket").at(0), "trigger_async_id"), "-1");
}

TEST_F(PerfettoTrace, relates_its_clock_to_others) {
  trace();
  tracer.reset();
  const auto snapshots = decode().data("clock_snapshot");
  ASSERT_THAT(snapshots, SizeIs(1));
  std::vector<std::string> clocks;
  for (const auto* clock : snapshots[0]->all("clocks"))
    clocks.push_back((*clock)["clock_id"].value);
  EXPECT_THAT(clocks, ElementsAre("3", "6", "1"));
  EXPECT_EQ((*decoded->packets()[0])["trace_packet_defaults"]["timestamp_clock_id"].value, "3");
}

TEST_F(PerfettoTrace, shows_only_what_is_sampled_if_told_to) {
  trace({.only_sampled = true});
  set_immediate([] {});
  run_sampled([] { set_timeout([] {}, 1ms); });
  loop.run();
  EXPECT_THAT(names(result().on("event loop")), ElementsAre("root", "Timeout"));
}

TEST_F(PerfettoTrace, ends_what_is_open_when_it_is_disabled) {
  trace();
  set_timeout([] {}, 1ms);
  set_immediate([this] {
    tracer->disable();
    set_immediate([] {});
    tracer->enable();
    set_immediate([] {});
  });
  loop.run();
  const TimeLine line = result();
  EXPECT_THAT(line.on("Immediate"), SizeIs(2));
  EXPECT_THAT(line.on("Timeout"), SizeIs(1));
  EXPECT_THAT(names(line.on("event loop")), SizeIs(6));  // The first immediate in two parts.
}

TEST_F(PerfettoTrace, is_sound_whenever_it_is_switched) {
  trace();
  AsyncResource outer("Outer"), inner("Inner");
  for (int i = 0; i < 64; ++i) {  // Each bit: whether it is switched there.
    const auto perhaps_switch = [&](int place) {
      if (i & (1 << place)) tracer->disable();
      if (i & (8 << place)) tracer->enable();
    };
    outer.run_in_async_scope([&] {
      perhaps_switch(0);
      inner.run_in_async_scope([&] {
        set_immediate([=] { perhaps_switch(1); });
        perhaps_switch(1);
      });
      perhaps_switch(2);
    });
    loop.run();
    tracer->enable();
  }
  EXPECT_THAT(result().on("Immediate"), SizeIs(::testing::Gt(32U)));
}

TEST_F(PerfettoTrace, drops_and_counts_what_exceeds_the_limit) {
  trace({.max_events = 10});
  for (int i = 0; i < 100; ++i) set_immediate([] {});
  loop.run();
  const auto dropped = tracer->dropped_events();
  EXPECT_GT(dropped, 100U);
  EXPECT_THAT(names(result().instants()),
              ElementsAre("no more events: the trace is full",
                          HasSubstr("dropped: " + std::to_string(dropped) + " events")));
}

TEST_F(PerfettoTrace, can_be_joined_with_that_of_another_loop) {
  std::string joined;
  const auto run_a_timer = [&] {
    Loop loop_of_its_own;
    hooks::PerfettoTrace here(path);
    set_timeout([] {});
    loop_of_its_own.run();
    here.close();
    std::ifstream file(path, std::ios::binary);
    joined.append(std::istreambuf_iterator<char>(file), {});
  };
  std::thread(run_a_timer).join();
  std::thread(run_a_timer).join();
  std::ofstream(path, std::ios::binary) << joined;
  std::set<std::string> processes, threads, sequences;
  for (const auto* packet : decode().packets()) {
    sequences.insert((*packet)["trusted_packet_sequence_id"].value);
    const DecodedMessage& track = (*packet)["track_descriptor"];
    if (track.has("process")) processes.insert(track["uuid"].value);
    if (track.has("thread")) threads.insert(track["uuid"].value);
  }
  EXPECT_THAT(processes, SizeIs(1));
  EXPECT_THAT(threads, SizeIs(2));
  EXPECT_THAT(sequences, SizeIs(2));
}

TEST_F(PerfettoTrace, has_a_valid_file_after_every_write) {
  trace({.buffer_bytes = 1});
  set_immediate([this] {
    const auto packets = decode().packets().size();
    set_immediate([] {});
    EXPECT_GT(decode().packets().size(), packets);
  });
  loop.run();
}

TEST_F(PerfettoTrace, is_complete_after_exit_inside_a_callback) {
  EXPECT_EXIT(
      {
        trace();
        set_timeout([] {}, 1h);
        set_immediate([] { std::exit(7); });
        loop.run();
      },
      ::testing::ExitedWithCode(7), "");
  EXPECT_THAT(names(result().on("event loop")), ElementsAre("root", "Immediate"));
}

TEST_F(PerfettoTrace, can_be_read_after_a_crash) {
  EXPECT_EXIT(
      {
        trace({.buffer_bytes = 200});
        for (int i = 0; i < 100; ++i) set_immediate([] {});
        ::raise(SIGKILL);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_GT(decode().data("track_event").size(), 90U);
}

TEST_F(PerfettoTrace, may_outlive_its_loop) {
  std::optional<hooks::PerfettoTrace> trace;
  std::thread([&] {
    Loop loop;
    trace.emplace(path);
    set_timeout([] {}, 1h);
  }).join();
  trace.reset();
  EXPECT_THAT(result().on("Timeout"), SizeIs(1));
}

}  // namespace
}  // namespace contrail
