// A process that records is killed at any moment, again and again: what it has left is whole.

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/execution.h"
#include "contrail/hooks/flight_recorder.h"
#include "contrail/loop.h"
#include "flight_records.h"
#include "temp_dir.h"

namespace contrail {
namespace {

using hooks::FlightEvent;

/// Told by the child as it goes, in memory that both have.
struct Told {
  std::atomic<std::uint64_t> recorded;
};

class KilledRecorder : public ::testing::Test {
 protected:
  KilledRecorder() {
    void* shared =
        ::mmap(nullptr, sizeof(Told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    told = ::new (shared) Told;
  }
  ~KilledRecorder() override { ::munmap(told, sizeof(Told)); }

  /// Never returns.
  void record_for_ever() const {
    Loop loop;
    // Few records, so that the ring is filled often, and more groups than there is room for.
    hooks::FlightRecorder recorder(path, {.max_bytes = 4096 + 65 * 256 + 1000 * 32,
                                          .groups_max = 64,
                                          .request = [] { return execution_async_id() % 3; },
                                          .dump_signal = SIGUSR1});
    for (unsigned i = 0;; ++i) {
      AsyncResource resource("TYPE" + std::to_string(i / 64 % 100));
      resource.run_in_async_scope([] { AsyncResource inner("INNER"); });
      if (i % 64 == 0) loop.run_nowait();
      told->recorded = recorder.recorded();
    }
  }

  void record_while_another_thread_has_signals() const {
    std::thread([] {
      for (;;) ::pause();
    }).detach();
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGUSR1);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    record_for_ever();
  }

  /// At a moment that nobody has chosen.
  void record_and_kill(unsigned microseconds) const {
    told->recorded = 0;
    const pid_t child = ::fork();
    if (child == 0) record_for_ever();
    while (told->recorded == 0) ::usleep(50);
    ::usleep(microseconds);
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
  }

  TempDir dir;
  std::string path = dir.path() / "killed.flight";
  Told* told;
};

/// The rules that whole records of one thread obey, where it made only what is above.
void check_rules(const trace::Recording& recording, const std::vector<hooks::FlightRecord>& all) {
  std::uint64_t newest = 0;
  std::map<std::uint64_t, std::uint32_t> groups;
  std::int64_t time = 0;
  for (const hooks::FlightRecord& record : all) {
    ASSERT_GE(record.time, time);
    time = record.time;
    if (record.id == 0) continue;
    const auto [group, is_new] = groups.try_emplace(record.id, record.group);
    ASSERT_EQ(group->second, record.group) << "a resource has changed its group";
    const std::string& type = recording.groups()[record.group].type;
    ASSERT_TRUE(type == "INNER" || type == "(unknown)" || type.starts_with("TYPE")) << type;
    if (record.event != FlightEvent::init) continue;
    // Nothing is missing but what was overwritten while it was read.
    if (newest != 0 && recording.overtaken() == 0) {
      ASSERT_EQ(record.id, newest + 1);
    }
    ASSERT_GT(record.id, newest);
    newest = record.id;
  }
}

TEST_F(KilledRecorder, leaves_a_file_that_is_whole) {
  std::mt19937 random(20261127);
  for (int round = 0; round < 200; ++round) {
    record_and_kill(random() % 3000);
    trace::Recording recording(path);
    const std::uint64_t cursor = recording.header().cursor;
    EXPECT_GE(cursor, told->recorded) << "an event was lost";
    const auto records = records_of(recording);
    EXPECT_EQ(records.size(), recording.records());
    EXPECT_EQ(recording.damage_count(), 0u);
    EXPECT_EQ(recording.overtaken(), 0u);
    check_rules(recording, records);
    if (HasFailure()) FAIL() << "in round " << round;
  }
}

TEST_F(KilledRecorder, can_be_read_while_it_writes) {
  told->recorded = 0;
  const pid_t child = ::fork();
  if (child == 0) record_for_ever();
  while (told->recorded == 0) ::usleep(50);
  for (int round = 0; round < 500; ++round) {
    trace::Recording recording(path);
    const auto records = records_of(recording);
    EXPECT_EQ(records.size() + recording.overtaken(), recording.records());
    EXPECT_EQ(recording.damage_count(), 0u);
    check_rules(recording, records);
    if (HasFailure()) break;
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

TEST_F(KilledRecorder, is_copied_by_a_thread_that_gets_a_signal) {
  told->recorded = 0;
  const pid_t child = ::fork();
  if (child == 0) record_while_another_thread_has_signals();
  while (told->recorded == 0) ::usleep(50);
  for (int round = 0; round < 50; ++round) {
    ::kill(child, SIGUSR1);
    while (!std::filesystem::exists(path + ".dump")) ::usleep(50);
    trace::Recording recording(path + ".dump");
    const auto records = records_of(recording);
    EXPECT_EQ(records.size(), recording.records());
    EXPECT_EQ(recording.damage_count(), 0u);
    check_rules(recording, records);
    std::filesystem::remove(path + ".dump");
    if (HasFailure()) break;
  }
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

}  // namespace
}  // namespace contrail
