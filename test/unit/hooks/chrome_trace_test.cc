#include "contrail/hooks/chrome_trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/error.h"
#include "contrail/event_time.h"
#include "contrail/hooks/event_log.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/sampling.h"
#include "contrail/timers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// A callback's slice. Times are in nanoseconds: in microseconds they would not be exact.
struct Slice {
  std::string name;
  long long begin;
  long long end;

  bool contains(long long at) const { return begin < at && at < end; }
  bool contains(const Slice& other) const { return begin < other.begin && other.end < end; }
  bool apart_from(const Slice& other) const { return end < other.begin || other.end < begin; }
};

class ChromeTrace : public ::testing::Test {
 protected:
  ChromeTrace() {
    std::string name = (std::filesystem::temp_directory_path() / "trace-XXXXXX").string();
    ::close(::mkstemp(name.data()));
    path = name;
  }
  ~ChromeTrace() override { std::filesystem::remove(path); }

  void trace(hooks::TraceOptions options = {}) { tracer.emplace(path, std::move(options)); }

  /// The file as it is now.
  json read() const { return json::parse(std::ifstream(path)); }
  /// The complete file.
  json result() {
    tracer.reset();
    return read();
  }

  static std::vector<json> phase(const json& trace, std::string_view phase) {
    std::vector<json> events;
    for (const json& event : trace["traceEvents"]) {
      if (event["ph"] == phase) events.push_back(event);
    }
    return events;
  }
  static long long nanoseconds(const json& microseconds) {
    return std::llround(microseconds.get<double>() * 1000);
  }
  static std::vector<Slice> slices(const json& trace) {
    std::vector<Slice> slices;
    for (const json& event : phase(trace, "X")) {
      const long long begin = nanoseconds(event["ts"]);
      slices.push_back({event["name"], begin, begin + nanoseconds(event["dur"])});
    }
    return slices;
  }
  /// The innermost slice around a moment; none: "".
  static std::string slice_at(const json& trace, long long at) {
    std::optional<Slice> innermost;
    for (const Slice& slice : slices(trace)) {
      if (slice.contains(at) && (!innermost || innermost->contains(slice))) innermost = slice;
    }
    return innermost ? innermost->name : "";
  }
  /// "Outer -> Inner" for each arrow, by the slices it starts and ends in.
  static std::vector<std::string> arrows(const json& trace) {
    std::vector<std::string> arrows;
    for (const json& start : phase(trace, "s")) {
      for (const json& finish : phase(trace, "f")) {
        if (start["id"] != finish["id"]) continue;
        arrows.push_back(slice_at(trace, nanoseconds(start["ts"])) + " -> " +
                         slice_at(trace, nanoseconds(finish["ts"])));
      }
    }
    return arrows;
  }
  static void expect_every_b_has_its_e(const json& trace) {
    std::map<std::pair<std::string, std::string>, int> open;
    for (const json& event : trace["traceEvents"]) {
      if (event["ph"] == "b") ++open[{event["cat"], event["id"]}];
      if (event["ph"] == "e") --open[{event["cat"], event["id"]}];
    }
    for (const auto& [key, count] : open) EXPECT_EQ(count, 0) << key.first << ' ' << key.second;
  }

  void run_a_bit_of_everything() {
    set_interval(
        [count = 0]() mutable {
          if (++count == 3) std::exit(7);
        },
        1ms);
    set_timeout([] { next_tick([] { queue_microtask([] {}); }); }, 1ms);
    Promise<int>::resolve(1).then([](int) { set_immediate([] {}); }).detach();
    AsyncResource resource("Query");
    resource.run_in_async_scope([] { next_tick([] {}); });
  }

  std::filesystem::path path;
  Loop loop;
  std::optional<hooks::ChromeTrace> tracer;
};

TEST_F(ChromeTrace, shows_a_resource_from_its_init_to_its_destroy) {
  trace();
  set_immediate([] {});
  loop.run();
  const json result = this->result();
  const auto begins = phase(result, "b");
  const auto ends = phase(result, "e");
  ASSERT_THAT(begins, SizeIs(1));
  ASSERT_THAT(ends, SizeIs(1));
  EXPECT_EQ(begins[0]["name"], "Immediate");
  EXPECT_EQ(begins[0]["id"], std::to_string(loop.number()) + ":2");
  EXPECT_EQ(begins[0]["args"]["trigger_async_id"], 1);
  EXPECT_EQ(begins[0]["cat"], ends[0]["cat"]);
  EXPECT_LT(begins[0]["ts"], ends[0]["ts"]);
}

TEST_F(ChromeTrace, ends_what_is_still_alive_when_it_ends) {
  trace();
  set_timeout([] {}, 1h);
  set_timeout([] {}, 2h);
  const json result = this->result();
  EXPECT_THAT(phase(result, "b"), SizeIs(2));
  expect_every_b_has_its_e(result);
}

TEST_F(ChromeTrace, shows_a_callback_as_a_slice) {
  trace();
  set_immediate([] {});
  loop.run();
  const auto callbacks = phase(result(), "X");
  ASSERT_THAT(callbacks, SizeIs(2));  // The code that made it is the other.
  EXPECT_EQ(callbacks[1]["name"], "Immediate");
  EXPECT_EQ(callbacks[1]["args"]["async_id"], 2);
  EXPECT_GT(callbacks[1]["dur"], 0);
}

TEST_F(ChromeTrace, nests_slices_as_scopes_nest) {
  trace();
  AsyncResource outer("Outer");
  AsyncResource inner("Inner");
  outer.run_in_async_scope([&] {
    inner.run_in_async_scope([&] { outer.run_in_async_scope([] {}); });
    inner.run_in_async_scope([] {});
  });
  const std::vector<Slice> slices = this->slices(result());
  EXPECT_THAT(slices, SizeIs(5));
  for (const Slice& a : slices) {
    for (const Slice& b : slices) {
      EXPECT_TRUE(&a == &b || a.apart_from(b) || a.contains(b) || b.contains(a));
    }
  }
}

TEST_F(ChromeTrace, draws_an_arrow_from_the_trigger_to_the_callback) {
  trace();
  set_immediate([] { set_timeout([] { next_tick([] {}); }, 1ms); });
  loop.run();
  EXPECT_THAT(arrows(result()),
              ::testing::UnorderedElementsAre("root -> Immediate", "Immediate -> Timeout",
                                              "Timeout -> TickObject"));
}

TEST_F(ChromeTrace, draws_one_arrow_to_each_resource_however_often_it_runs) {
  trace();
  AsyncResource resource("Socket");
  for (int i = 0; i < 3; ++i) resource.run_in_async_scope([] {});
  EXPECT_THAT(arrows(result()), ::testing::ElementsAre("root -> Socket"));
}

TEST_F(ChromeTrace, draws_the_arrow_from_the_trigger_that_is_not_running) {
  trace();
  AsyncResource server("Server");
  server.run_in_async_scope([] {});
  AsyncResource socket("Socket", {.trigger = &server});
  socket.run_in_async_scope([] {});
  EXPECT_THAT(arrows(result()), ::testing::Contains("Server -> Socket"));
}

TEST_F(ChromeTrace, follows_triggers_that_never_ran_to_one_that_did) {
  trace();
  set_immediate([] { Promise<int>::resolve(1).then([](int) {}).detach(); });
  loop.run();
  EXPECT_THAT(arrows(result()), ::testing::Contains("Immediate -> PROMISE"));
}

TEST_F(ChromeTrace, draws_no_arrow_that_ends_nowhere) {
  trace();
  set_timeout([] {}, 1h);
  const json result = this->result();
  EXPECT_THAT(phase(result, "s"), SizeIs(0));
  EXPECT_THAT(phase(result, "f"), SizeIs(0));
}

TEST_F(ChromeTrace, binds_every_arrow_to_a_slice_at_both_ends) {
  trace();
  set_immediate([] {
    Promise<int>::resolve(1).then([](int) { next_tick([] {}); }).then([] {}).detach();
    queue_microtask([] { set_immediate([] {}); });
  });
  loop.run();
  const json result = this->result();
  EXPECT_EQ(arrows(result).size(), phase(result, "s").size());
  for (const std::string& arrow : arrows(result))
    EXPECT_THAT(arrow, ::testing::MatchesRegex("[A-Za-z]+ -> [A-Za-z]+"));
  for (const json& finish : phase(result, "f")) EXPECT_EQ(finish["bp"], "e");
}

TEST_F(ChromeTrace, shows_when_a_promise_was_settled) {
  trace();
  auto [promise, resolver] = Promise<int>::with_resolver();
  resolver.resolve(1);
  const auto settled = phase(result(), "n");
  ASSERT_THAT(settled, SizeIs(1));
  EXPECT_EQ(settled[0]["cat"], "PROMISE");
  EXPECT_EQ(settled[0]["name"], "resolve");
}

TEST_F(ChromeTrace, does_without_promises_if_told_to) {
  trace({.track_promises = false});
  Promise<int>::resolve(1).then([](int) {}).detach();
  loop.run();
  EXPECT_THAT(phase(result(), "b"), SizeIs(0));
}

TEST_F(ChromeTrace, shows_the_details_of_a_timer) {
  trace();
  set_interval([] {}, 25ms);
  const json begin = phase(result(), "b").at(0);
  EXPECT_EQ(begin["args"]["delay_ms"], 25);
  EXPECT_EQ(begin["args"]["repeat"], true);
}

TEST_F(ChromeTrace, shows_what_the_user_has_to_say_about_a_resource) {
  struct Query {
    std::string sql;
  };
  trace({.describe = [](const ResourceInfo& made) {
    const auto* query = made.details.as<Query>();
    return query ? query->sql : "";
  }});
  const Query query{"select \"name\"\n"};
  AsyncResource resource("Query", {.details = AnyRef::to(query)});
  EXPECT_EQ(phase(result(), "b").at(0)["args"]["details"], "select \"name\"\n");
}

TEST_F(ChromeTrace, says_which_request_a_resource_belongs_to) {
  std::uint64_t request = 0;
  trace({.request = [&] { return request; }});
  AsyncResource of_none("OfNone");
  request = 42;
  AsyncResource of_one("OfOne");
  of_one.run_in_async_scope([] {});
  const json trace = result();
  const std::vector<json> begun = phase(trace, "b");
  ASSERT_THAT(begun, SizeIs(2));
  EXPECT_FALSE(begun[0]["args"].contains("request"));
  EXPECT_EQ(begun[1]["args"]["request"], 42);
  EXPECT_EQ(phase(trace, "X").back()["args"]["request"], 42);
}

TEST_F(ChromeTrace, lets_describe_make_resources) {
  trace({.describe = [](const ResourceInfo& made) {
    if (made.type != "Inner") AsyncResource inner("Inner");
    return std::string();
  }});
  { AsyncResource outer("Outer"); }
  loop.run();
  const json result = this->result();
  EXPECT_THAT(phase(result, "b"), SizeIs(2));
  expect_every_b_has_its_e(result);
}

TEST_F(ChromeTrace, may_end_in_describe) {
  trace({.describe = [this](const ResourceInfo&) {
    tracer.reset();
    return std::string();
  }});
  AsyncResource("First");
  AsyncResource("Second");
  const json trace = read();
  EXPECT_THAT(phase(trace, "b"), SizeIs(1));
  EXPECT_THAT(phase(trace, "e"), SizeIs(1));
}

TEST_F(ChromeTrace, escapes_whatever_a_type_is_made_of) {
  trace();
  AsyncResource nasty("\"a\\b\"\x01\xff\xc3\xa4");
  EXPECT_EQ(phase(result(), "b").at(0)["name"], "\"a\\b\"\x01\xef\xbf\xbd\xc3\xa4");
}

TEST_F(ChromeTrace, names_the_process_and_the_thread) {
  trace({.process_name = "shop", .thread_name = "main loop"});
  const auto names = phase(result(), "M");
  ASSERT_THAT(names, SizeIs(2));
  EXPECT_EQ(names[0]["args"]["name"], "shop");
  EXPECT_EQ(names[1]["args"]["name"], "main loop");
  EXPECT_EQ(names[0]["pid"], ::getpid());
}

TEST_F(ChromeTrace, tells_the_timers_of_two_threads_apart) {
  std::set<json> threads, ids;
  auto run_a_timer = [&] {
    Loop loop_of_its_own;
    hooks::ChromeTrace here(path);
    set_timeout([] {});
    loop_of_its_own.run();
    here.close();
    const json begin = phase(read(), "b").at(0);
    EXPECT_EQ(begin["name"], "Timeout");
    threads.insert(begin["tid"]);
    ids.insert(begin["id"]);
  };
  std::thread(run_a_timer).join();
  std::thread(run_a_timer).join();
  EXPECT_THAT(threads, SizeIs(2));
  EXPECT_THAT(ids, SizeIs(2));
}

TEST_F(ChromeTrace, writes_an_unassigned_trigger_as_node_does) {
  trace();
  AsyncResource resource("Socket", {.trigger_async_id = unassigned_async_id});
  EXPECT_EQ(phase(result(), "b").at(0)["args"]["trigger_async_id"], -1);
}

TEST_F(ChromeTrace, shows_callbacks_of_resources_that_are_older_than_itself) {
  set_immediate([] {});
  trace();
  loop.run();
  const json result = this->result();
  EXPECT_EQ(slices(result).at(0).name, "Immediate");
  EXPECT_THAT(phase(result, "b"), SizeIs(0));
  EXPECT_THAT(phase(result, "e"), SizeIs(0));
}

TEST_F(ChromeTrace, may_begin_and_end_inside_callbacks) {
  set_immediate([this] {
    trace();
    set_immediate([this] { tracer->close(); });
  });
  loop.run();
  EXPECT_THAT(slices(read()), SizeIs(2));
  EXPECT_THAT(arrows(read()), ::testing::ElementsAre("Immediate -> Immediate"));
}

TEST_F(ChromeTrace, drops_and_counts_what_exceeds_the_limit) {
  trace({.max_events = 10});
  for (int i = 0; i < 100; ++i) set_immediate([] {});
  loop.run();
  const auto dropped = tracer->dropped_events();
  const json result = this->result();
  EXPECT_GT(dropped, 100U);
  EXPECT_EQ(result["otherData"]["dropped_events"], dropped);
  EXPECT_THAT(phase(result, "i"), SizeIs(1));
  EXPECT_LE(result["traceEvents"].size(), 13U);  // Two names and the mark besides.
  expect_every_b_has_its_e(result);
}

TEST_F(ChromeTrace, draws_no_more_arrows_than_the_limit) {
  trace({.arrows_max = 3});
  for (int i = 0; i < 10; ++i) set_immediate([] {});
  loop.run();
  EXPECT_EQ(tracer->dropped_arrows(), 7U);
  const json result = this->result();
  EXPECT_THAT(arrows(result), SizeIs(3));
  EXPECT_THAT(slices(result), SizeIs(11));
  EXPECT_EQ(result["otherData"]["dropped_arrows"], 7);
}

TEST_F(ChromeTrace, says_where_a_resource_was_made) {
  trace();
  set_immediate([] {});
  const std::string site = std::string(__FILE__) + ':' + std::to_string(__LINE__ - 1);
  loop.run();
  const json result = this->result();
  EXPECT_EQ(phase(result, "b").at(0)["args"]["site"], site);
  EXPECT_EQ(phase(result, "X").at(1)["args"]["site"], site);
}

TEST_F(ChromeTrace, shows_only_what_is_sampled_if_told_to) {
  trace({.only_sampled = true});
  set_immediate([] {});
  run_sampled([] { set_timeout([] { next_tick([] {}); }, 1ms); });
  loop.run();
  const json result = this->result();
  EXPECT_THAT(phase(result, "b"), SizeIs(2));
  EXPECT_THAT(arrows(result),
              ::testing::UnorderedElementsAre("root -> Timeout", "Timeout -> TickObject"));
}

TEST_F(ChromeTrace, ends_what_is_open_when_it_is_disabled) {
  trace();
  set_timeout([] {}, 1h).unref();
  set_immediate([this] { tracer->disable(); });
  loop.run();
  const json before_it_is_closed = read();
  EXPECT_THAT(phase(before_it_is_closed, "b"), SizeIs(2));
  EXPECT_THAT(phase(before_it_is_closed, "X"), SizeIs(2));  // Root and the immediate.
  expect_every_b_has_its_e(before_it_is_closed);
  EXPECT_EQ(result()["traceEvents"], before_it_is_closed["traceEvents"]);
}

TEST_F(ChromeTrace, goes_on_in_the_middle_of_a_callback) {
  trace();
  set_immediate([this] {
    tracer->disable();
    set_immediate([] {});
    tracer->enable();
    set_immediate([] {});
  });
  loop.run();
  const json result = this->result();
  EXPECT_THAT(phase(result, "b"), SizeIs(2));
  expect_every_b_has_its_e(result);
  EXPECT_THAT(phase(result, "X"), SizeIs(5));  // Root, the first in two parts, the others.
  EXPECT_THAT(arrows(result), ::testing::Contains("Immediate -> Immediate"));
}

TEST_F(ChromeTrace, reads_the_clock_at_every_event_if_told_to) {
  trace({.full_precision = true});
  set_immediate([] {
    set_immediate([] {});
    for (const auto end = precise_event_time() + 1ms; precise_event_time() < end;) continue;
    set_immediate([] {});
  });
  loop.run();
  const auto begins = phase(result(), "b");
  EXPECT_GE(nanoseconds(begins.at(2)["ts"]) - nanoseconds(begins.at(1)["ts"]), 1'000'000);
}

TEST_F(ChromeTrace, writes_much_through_a_small_buffer) {
  trace({.buffer_bytes = 1000});
  for (int i = 0; i < 2000; ++i) set_immediate([] {});
  loop.run();
  const json result = this->result();
  EXPECT_THAT(phase(result, "b"), SizeIs(2000));
  expect_every_b_has_its_e(result);
}

TEST_F(ChromeTrace, has_a_valid_file_after_every_write) {
  trace({.buffer_bytes = 1});
  set_immediate([this] {
    EXPECT_THAT(phase(read(), "b"), SizeIs(1));
    set_immediate([] {});
    EXPECT_THAT(phase(read(), "b"), SizeIs(2));
  });
  loop.run();
}

TEST_F(ChromeTrace, has_a_valid_file_from_the_start) {
  trace();
  EXPECT_TRUE(read()["traceEvents"].is_array());
}

TEST_F(ChromeTrace, is_complete_when_the_loop_throws) {
  try {
    hooks::ChromeTrace trace(path);
    set_immediate([] { throw std::runtime_error("no"); });
    loop.run();
    ADD_FAILURE() << "run() did not throw";
  } catch (const std::runtime_error&) {
    EXPECT_THAT(phase(read(), "X"), SizeIs(2));
    expect_every_b_has_its_e(read());
  }
}

TEST_F(ChromeTrace, is_complete_after_exit_inside_a_callback) {
  EXPECT_EXIT(
      {
        trace();
        run_a_bit_of_everything();
        loop.run();
      },
      ::testing::ExitedWithCode(7), "");
  const json result = read();
  EXPECT_GT(phase(result, "X").size(), 5U);
  expect_every_b_has_its_e(result);
  EXPECT_EQ(arrows(result).size(), phase(result, "s").size());
}

TEST_F(ChromeTrace, is_complete_after_exit_on_another_thread) {
  EXPECT_EXIT(
      {
        trace();
        set_timeout([] {}, 1h);
        std::thread([] { std::exit(3); }).join();
      },
      ::testing::ExitedWithCode(3), "");
  EXPECT_THAT(phase(read(), "b"), SizeIs(1));
  expect_every_b_has_its_e(read());
}

TEST_F(ChromeTrace, is_valid_after_a_crash) {
  EXPECT_EXIT(
      {
        trace({.buffer_bytes = 200});
        for (int i = 0; i < 100; ++i) set_immediate([] {});
        ::raise(SIGKILL);
      },
      ::testing::KilledBySignal(SIGKILL), "");
  EXPECT_GT(phase(read(), "b").size(), 90U);
}

TEST_F(ChromeTrace, leaves_the_file_to_the_process_that_opened_it) {
  trace();
  set_immediate([] {});
  const pid_t child = ::fork();
  if (child == 0) {
    set_immediate([] {});
    tracer->close();
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_THAT(phase(result(), "b"), SizeIs(1));
}

TEST_F(ChromeTrace, names_the_file_it_cannot_write) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "there is no /dev/full";
  try {
    hooks::ChromeTrace trace("/dev/full");
    ADD_FAILURE() << "it was written";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("/dev/full"));
    EXPECT_EQ(error.code(),
              std::errc::no_space_on_device);  // And not what came of the cleaning up.
  }
}

TEST_F(ChromeTrace, says_that_it_needs_a_regular_file) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const std::string pipe = "/dev/fd/" + std::to_string(ends[1]);
  try {
    hooks::ChromeTrace trace(pipe);
    ADD_FAILURE() << "it was opened";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("a trace is written to a regular file, which this is not"));
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(ChromeTrace, may_outlive_its_loop) {
  std::optional<hooks::ChromeTrace> trace;
  std::thread([&] {
    Loop loop;
    trace.emplace(path);
    set_timeout([] {}, 1h);
  }).join();
  trace.reset();
  EXPECT_THAT(phase(read(), "e"), SizeIs(1));
}

}  // namespace
}  // namespace contrail
