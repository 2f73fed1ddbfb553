#include "contrail/hooks/flight_recorder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/error.h"
#include "contrail/promise.h"
#include "contrail/sampling.h"
#include "contrail/timers.h"
#include "flight_records.h"
#include "loop_test.h"
#include "temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using hooks::FlightEvent;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr std::size_t small_bytes = 4096 + 5 * 256 + 128 * 32;

class FlightRecorder : public LoopTest {
 protected:
  void record(hooks::FlightRecorderOptions options = {}) {
    recorder.emplace(path, std::move(options));
  }
  /// Of a few events, and of few groups.
  void record_little() { record({.max_bytes = small_bytes, .groups_max = 4}); }

  std::vector<std::string> events() const { return events_of(path); }

  void make_and_run(const char* type) {
    AsyncResource resource(type);
    resource.run_in_async_scope([] {});
  }
  void fill_ring(const char* type) {
    for (int i = 0; i < 200; ++i) make_and_run(type);
  }

  static std::int64_t now() {
    return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  }

  /// How fn ended a child, in which it recorded.
  template <class F>
  int status_of_child(F fn) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGSEGV, SIG_DFL);  // Also under the sanitizers.
      ::signal(SIGABRT, SIG_DFL);
      const rlimit no_core{0, 0};
      ::setrlimit(RLIMIT_CORE, &no_core);
      record();
      AsyncResource resource("JOB");
      resource.run_in_async_scope(fn);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }

  TempDir dir;
  std::string path = dir.path() / "app.flight";
  std::optional<hooks::FlightRecorder> recorder;
};

TEST_F(FlightRecorder, has_every_event_in_the_file_at_once) {
  record();
  AsyncResource job("JOB");
  job.run_in_async_scope([] {});
  EXPECT_THAT(events(), ElementsAre("init JOB", "before JOB", "after JOB"));
}

TEST_F(FlightRecorder, records_the_end_of_a_resource) {
  record();
  make_and_run("JOB");
  loop().run();
  EXPECT_THAT(events(), ElementsAre("init JOB", "before JOB", "after JOB", "destroy JOB"));
}

TEST_F(FlightRecorder, records_who_caused_a_resource) {
  record();
  AsyncResource job("JOB");
  AsyncResource part("PART", {.trigger = &job});
  trace::Recording recording(path);
  const auto records = records_of(recording);
  EXPECT_EQ(records.back().id, part.async_id());
  EXPECT_EQ(records.back().other, job.async_id());
}

TEST_F(FlightRecorder, names_the_place_where_a_resource_was_made) {
  record();
  const unsigned line = __LINE__ + 1;
  AsyncResource job("JOB");
  trace::Recording recording(path);
  const trace::Group& group = recording.groups().at(records_of(recording).back().group);
  EXPECT_THAT(group.file, HasSubstr("flight_recorder_test.cc"));
  EXPECT_EQ(group.line, line);
}

TEST_F(FlightRecorder, records_the_settling_of_promises) {
  record();
  Promise<int>::resolve(1).then([](int) {}).detach();
  loop().run();
  EXPECT_THAT(events(), Contains("resolve PROMISE"));
}

TEST_F(FlightRecorder, hears_of_no_promise_if_it_is_to_track_none) {
  record({.track_promises = false});
  Promise<int>::resolve(1).then([](int) {}).detach();
  loop().run();
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(FlightRecorder, records_only_what_was_sampled_if_asked_to) {
  record({.only_sampled = true});
  make_and_run("OTHER");
  run_sampled([&] { make_and_run("SAMPLED"); });
  EXPECT_THAT(events(), ElementsAre("init SAMPLED", "before SAMPLED", "after SAMPLED"));
}

TEST_F(FlightRecorder, records_when_the_loop_waits) {
  record();
  set_timeout([] {}, 1ms);
  loop().run();
  trace::Recording recording(path);
  const auto records = records_of(recording);
  EXPECT_TRUE(std::any_of(records.begin(), records.end(), [](const auto& record) {
    return record.event == FlightEvent::poll_begins;
  }));
}

TEST_F(FlightRecorder, keeps_the_latest_events) {
  record_little();
  fill_ring("EARLY");
  fill_ring("LATE");
  trace::Recording recording(path);
  const auto records = records_of(recording);
  EXPECT_EQ(records.size(), 127u);  // One may be half overwritten, after a crash.
  EXPECT_THAT(events(), Each(HasSubstr("LATE")));
  EXPECT_EQ(recorder->overwritten(), recorder->recorded() - 128);
}

TEST_F(FlightRecorder, names_resources_whose_init_was_overwritten) {
  record_little();
  AsyncResource job("JOB");
  fill_ring("OTHER");
  job.run_in_async_scope([] {});
  EXPECT_EQ(events().back(), "after JOB");
}

TEST_F(FlightRecorder, records_what_it_has_no_room_to_name) {
  record({.groups_max = 1});
  make_and_run("NAMED");
  for (int i = 0; i < 3; ++i) make_and_run("NAMELESS");
  EXPECT_THAT(events(), Contains("init (unknown)"));
  EXPECT_EQ(recorder->resources_without_group(), 3u);
  EXPECT_EQ(trace::Recording(path).header().resources_without_group, 3u);
}

TEST_F(FlightRecorder, records_the_request_with_every_event) {
  AsyncLocalStorage<std::uint64_t> request;
  record({.request = [&] { return request.get_store() ? *request.get_store() : 0; }});
  request.run(42, [&] { make_and_run("JOB"); });
  trace::Recording recording(path);
  const auto records = records_of(recording);
  ASSERT_EQ(records.size(), 5u);
  EXPECT_EQ(records[1].event, FlightEvent::request);
  for (const std::size_t i : {1, 3, 4}) EXPECT_EQ(records[i].other, 42u);
}

TEST_F(FlightRecorder, records_nothing_while_it_is_disabled) {
  record();
  recorder->disable();
  make_and_run("JOB");
  EXPECT_FALSE(recorder->enabled());
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(FlightRecorder, goes_on_when_it_is_enabled_again) {
  record();
  recorder->disable().enable().enable();
  make_and_run("JOB");
  EXPECT_THAT(events(), Contains("init JOB"));
}

TEST_F(FlightRecorder, names_what_is_older_than_it_once_that_runs) {
  AsyncResource job("OLD");
  record();
  job.run_in_async_scope([] {});
  EXPECT_THAT(events(), ElementsAre("before OLD", "after OLD"));
}

TEST_F(FlightRecorder, may_begin_in_the_middle_of_a_callback) {
  AsyncResource job("OLD");
  job.run_in_async_scope([&] { record(); });
  EXPECT_THAT(events(), ElementsAre("after OLD"));
}

TEST_F(FlightRecorder, may_end_in_the_middle_of_a_callback) {
  record();
  AsyncResource job("JOB");
  job.run_in_async_scope([&] { recorder.reset(); });
  EXPECT_THAT(events(), ElementsAre("init JOB", "before JOB"));
}

TEST_F(FlightRecorder, goes_on_after_it_was_moved) {
  record();
  hooks::FlightRecorder moved = std::move(*recorder);
  recorder.reset();
  make_and_run("JOB");
  EXPECT_THAT(events(), Contains("init JOB"));
}

TEST_F(FlightRecorder, makes_a_copy_on_request) {
  record();
  make_and_run("JOB");
  const std::string copy = dir.path() / "copy.flight";
  recorder->dump(copy);
  make_and_run("LATER");
  EXPECT_THAT(events_of(copy), ElementsAre("init JOB", "before JOB", "after JOB"));
}

TEST_F(FlightRecorder, says_in_a_copy_when_it_was_made) {
  record({.dump_signal = SIGUSR1});
  const std::string other = dir.path() / "copy.flight";
  const auto before = now();
  ::raise(SIGUSR1);
  recorder->dump(other);
  const auto after = now();
  for (const std::string& copy : {path + ".dump", other}) {
    const std::int64_t copied = trace::Recording(copy).header().copied;
    EXPECT_GE(copied, before) << copy;
    EXPECT_LE(copied, after) << copy;
  }
  EXPECT_FALSE(trace::Recording(path).is_copy());
}

TEST_F(FlightRecorder, tells_in_a_copy_how_long_a_callback_has_been_running) {
  record({.dump_signal = SIGUSR1});
  AsyncResource job("JOB");
  job.run_in_async_scope([] { ::raise(SIGUSR1); });
  trace::Recording recording(path + ".dump");
  EXPECT_TRUE(recording.is_copy());
  EXPECT_GE(recording.known_until(), recording.end_time());
}

TEST_F(FlightRecorder, does_not_copy_itself_onto_itself) {
  record();
  EXPECT_THROW(recorder->dump(path), Error);
  EXPECT_THROW(record({.dump_signal = SIGUSR1, .dump_file = path}), Error);
}

TEST_F(FlightRecorder, does_not_make_a_copy_in_its_own_place_before_that_is_complete) {
  const std::string copy = (dir.path() / "copy").string();
  EXPECT_THROW(
      hooks::FlightRecorder(copy + ".unfinished", {.dump_signal = SIGUSR1, .dump_file = copy}),
      Error);
}

TEST_F(FlightRecorder, leaves_the_signal_to_who_has_taken_it_meanwhile) {
  static bool heard;
  heard = false;
  record({.dump_signal = SIGUSR1});
  const auto before = ::signal(SIGUSR1, [](int) { heard = true; });
  recorder.reset();
  ::raise(SIGUSR1);
  EXPECT_TRUE(heard);
  ::signal(SIGUSR1, SIG_DFL);
  static_cast<void>(before);
}

TEST_F(FlightRecorder, makes_a_copy_on_a_signal) {
  record({.dump_signal = SIGUSR1});
  make_and_run("JOB");
  ::raise(SIGUSR1);
  make_and_run("LATER");
  EXPECT_THAT(events_of(path + ".dump"), ElementsAre("init JOB", "before JOB", "after JOB"));
}

TEST_F(FlightRecorder, makes_a_new_copy_on_every_signal) {
  record({.dump_signal = SIGUSR1, .dump_file = dir.path() / "copy"});
  ::raise(SIGUSR1);
  make_and_run("JOB");
  ::raise(SIGUSR1);
  EXPECT_THAT(events_of(dir.path() / "copy"), Contains("after JOB"));
}

TEST_F(FlightRecorder, gives_the_signal_back) {
  static bool heard;
  heard = false;
  const auto before = ::signal(SIGUSR1, [](int) { heard = true; });
  record({.dump_signal = SIGUSR1});
  hooks::FlightRecorder other(dir.path() / "other", {.dump_signal = SIGUSR1});
  recorder.reset();
  ::raise(SIGUSR1);
  EXPECT_FALSE(heard) << "the other one still has it";
  other = hooks::FlightRecorder(dir.path() / "third");
  ::raise(SIGUSR1);
  EXPECT_TRUE(heard);
  ::signal(SIGUSR1, before);
}

TEST_F(FlightRecorder, refuses_a_signal_that_cannot_be_handled) {
  EXPECT_THROW(record({.dump_signal = SIGKILL}), Error);
  EXPECT_THROW(record({.dump_signal = 4711}), Error);
}

TEST_F(FlightRecorder, leaves_a_recorder_alone_whose_file_it_replaces) {
  record();
  hooks::FlightRecorder second(path);
  make_and_run("JOB");
  const std::string copy = dir.path() / "copy.flight";
  recorder->dump(copy);
  EXPECT_THAT(events_of(copy), Contains("init JOB"));
  EXPECT_THAT(events(), Contains("init JOB"));
}

TEST_F(FlightRecorder, of_a_forked_process_leaves_the_file_alone) {
  record();
  const pid_t child = ::fork();
  if (child == 0) {
    make_and_run("CHILDS");
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_THAT(events(), IsEmpty());
}

TEST_F(FlightRecorder, has_everything_after_a_sigkill) {
  const int status = status_of_child([] { ::raise(SIGKILL); });
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  EXPECT_THAT(events(), ElementsAre("init JOB", "before JOB"));
}

TEST_F(FlightRecorder, has_everything_after_a_segmentation_fault) {
  const int status = status_of_child([] { ::raise(SIGSEGV); });
  EXPECT_EQ(WTERMSIG(status), SIGSEGV);
  EXPECT_THAT(events(), ElementsAre("init JOB", "before JOB"));
}

TEST_F(FlightRecorder, has_everything_after_an_abort) {
  const int status = status_of_child([] { std::abort(); });
  EXPECT_EQ(WTERMSIG(status), SIGABRT);
  EXPECT_THAT(events(), ElementsAre("init JOB", "before JOB"));
}

TEST_F(FlightRecorder, says_at_once_that_there_is_no_room_for_the_file) {
  rlimit before;
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit little{.rlim_cur = 4096, .rlim_max = before.rlim_max};
  const auto old_handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &little);
  std::string message;
  try {
    record();
  } catch (const Error& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, old_handler);
  EXPECT_THAT(message, HasSubstr(path));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(FlightRecorder, refuses_what_is_no_regular_file) {
  EXPECT_THROW(hooks::FlightRecorder("/dev/full"), Error);
  EXPECT_THROW(hooks::FlightRecorder(dir.path()), Error);
}

TEST_F(FlightRecorder, names_the_path_that_it_cannot_make) {
  path = dir.path() / "missing" / "app.flight";
  try {
    record();
    FAIL() << "it was made";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), std::errc::no_such_file_or_directory);
    EXPECT_EQ(error.subject(), path);
  }
}

TEST_F(FlightRecorder, refuses_a_size_that_has_no_room) {
  EXPECT_THROW(record({.max_bytes = small_bytes - 1, .groups_max = 4}), std::invalid_argument);
  EXPECT_THROW(record({.max_bytes = 0}), std::invalid_argument);
}

}  // namespace
}  // namespace contrail
