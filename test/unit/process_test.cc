#include "contrail/process.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "contrail/async_local_storage.h"
#include "contrail/cancellation.h"
#include "contrail/testing/fake_clock.h"
#include "lives.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ProcessTest : public TcpTest {
 protected:
  ExitStatus status_of(std::string command) {
    return wait(Process::spawn(std::move(command), {}, {.shell = true}).exited());
  }
  std::string output_of(std::string file, std::vector<std::string> args, RunOptions options = {}) {
    return wait(run_process(std::move(file), std::move(args), std::move(options))).output;
  }
  std::string failure_to_spawn(std::string file, std::vector<std::string> args = {},
                               const ProcessOptions& options = {}) {
    try {
      Process::spawn(std::move(file), std::move(args), options);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  }
};

using ProcessDeathTest = ProcessTest;

TEST_F(ProcessTest, tells_the_code_a_child_ends_with) {
  EXPECT_EQ(status_of("exit 7"), (ExitStatus{.code = 7}));
  EXPECT_TRUE(status_of("exit 0").success());
}

TEST_F(ProcessTest, tells_the_signal_that_ended_a_child) {
  EXPECT_EQ(status_of("kill -9 $$"), (ExitStatus{.signal = SIGKILL}));
}

TEST_F(ProcessTest, tells_again_how_a_child_ended) {
  auto child = Process::spawn("true");
  auto before = child.exited();
  EXPECT_TRUE(wait(before).success());
  EXPECT_TRUE(wait(child.exited()).success());
}

TEST_F(ProcessTest, calls_back_when_a_child_ends_and_in_a_tick_if_it_has) {
  auto child = Process::spawn("true");
  int calls = 0;
  child.on_exit([&](ExitStatus) { ++calls; });
  wait(child.exited());
  EXPECT_EQ(calls, 1);
  child.on_exit([&](ExitStatus) { ++calls; });
  EXPECT_EQ(calls, 1);
  loop().run_nowait();
  EXPECT_EQ(calls, 2);
}

TEST_F(ProcessTest, passes_arguments_as_they_are) {
  EXPECT_EQ(output_of("printf", {"%s|", "a b", "$HOME", "*", ";exit"}), "a b|$HOME|*|;exit|");
}

TEST_F(ProcessTest, asks_a_shell_if_told_to) {
  EXPECT_EQ(output_of("echo $((1+1))", {}, {.process = {.shell = true}}), "2\n");
  EXPECT_THAT(failure_to_spawn("echo", {"x"}, {.shell = true}), HasSubstr("EINVAL"));
}

TEST_F(ProcessTest, gives_the_child_its_environment) {
  EXPECT_EQ(output_of("/usr/bin/env", {}, {.process = {.env = {{"A=1", "B=2"}}}}), "A=1\nB=2\n");
}

TEST_F(ProcessTest, starts_the_child_in_its_directory) {
  TempDir dir;
  const std::string path = std::filesystem::canonical(dir.path());
  EXPECT_EQ(output_of("pwd", {"-P"}, {.process = {.cwd = path}}), path + "\n");
}

TEST_F(ProcessTest, starts_the_child_as_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may";
  EXPECT_EQ(output_of("id", {"-u"}, {.process = {.uid = 65534, .gid = 65534}}), "65534\n");
}

TEST_F(ProcessTest, starts_a_session_if_detached) {
  auto child = Process::spawn("sleep", {"60"}, {.detached = true});
  EXPECT_EQ(::getsid(child.pid()), child.pid());
  child.kill();
  EXPECT_EQ(wait(child.exited()), (ExitStatus{.signal = SIGTERM}));
}

TEST_F(ProcessTest, kills_a_child_and_says_when_there_is_none_left) {
  auto child = Process::spawn("sleep", {"60"});
  EXPECT_GT(child.pid(), 0);
  EXPECT_TRUE(child.kill(SIGINT));
  EXPECT_EQ(wait(child.exited()), (ExitStatus{.signal = SIGINT}));
  EXPECT_FALSE(child.kill());
}

TEST_F(ProcessTest, refuses_a_signal_that_there_is_not) {
  auto child = Process::spawn("sleep", {"60"});
  EXPECT_THROW(child.kill(12345), Error);
  child.kill();
  wait(child.exited());
}

TEST_F(ProcessTest, ends_a_child_that_takes_too_long) {
  auto child = Process::spawn("sleep", {"60"}, {.timeout = 10ms, .kill_signal = SIGKILL});
  EXPECT_EQ(wait(child.exited()), (ExitStatus{.signal = SIGKILL}));
}

TEST_F(ProcessTest, says_what_could_not_be_started) {
  EXPECT_EQ(failure_to_spawn("/nowhere"), "spawn /nowhere: ENOENT: no such file or directory");
  EXPECT_THAT(failure_to_spawn("/etc/passwd"), HasSubstr("spawn /etc/passwd: EACCES"));
  EXPECT_THAT(failure_to_spawn("true", {}, {.cwd = "/nowhere"}), HasSubstr("spawn true: ENOENT"));
}

TEST_F(ProcessTest, refuses_what_has_a_nul_in_it) {
  const std::string nul("a\0b", 3);
  EXPECT_THAT(failure_to_spawn(nul), HasSubstr("spawn a: EINVAL"));
  EXPECT_THAT(failure_to_spawn("true", {nul}), HasSubstr("EINVAL"));
  EXPECT_THAT(failure_to_spawn("true", {}, {.env = {{nul}}}), HasSubstr("EINVAL"));
}

TEST_F(ProcessTest, reaps_a_child_whose_process_is_gone) {
  int pid = 0;
  {
    auto child = Process::spawn("sleep", {"60"});
    pid = child.pid();
  }
  EXPECT_EQ(::kill(pid, 0), 0);
  auto busy = loop().keep_alive();
  ::kill(pid, SIGTERM);
  run_until([&] { return ::kill(pid, 0) < 0; });
  EXPECT_EQ(errno, ESRCH);
}

TEST_F(ProcessTest, does_not_hold_the_loop_for_a_child_that_nobody_waits_for) {
  const int pid = Process::spawn("sleep", {"60"}).pid();
  loop().run();
  ::kill(pid, SIGKILL);
  destroy_loop();
  ::waitpid(pid, nullptr, 0);
}

TEST_F(ProcessTest, may_go_inside_its_own_end) {
  auto child = std::make_unique<Process>(Process::spawn("true"));
  child->exited().then([&](ExitStatus) { child.reset(); }).detach();
  loop().run();
  EXPECT_EQ(child, nullptr);
}

TEST_F(ProcessTest, gives_pipes_to_talk_to_the_child) {
  auto child = Process::spawn(
      "cat", {}, {.standard_input = ChildStdio::pipe, .standard_output = ChildStdio::pipe});
  Collected said;
  collect(child.standard_output(), said);
  child.standard_input().write("hello", ignore);
  run_until([&] { return said.text == "hello"; });
  child.standard_input().close();
  run_until([&] { return said.over(); });
  EXPECT_FALSE(child.standard_error());
  EXPECT_TRUE(wait(child.exited()).success());
}

TEST_F(ProcessDeathTest, dies_when_used_after_a_move) {
  EXPECT_DEATH(
      {
        auto child = Process::spawn("true");
        auto other = std::move(child);
        child.pid();
      },
      "this Process was used after it was moved from");
}

// --- run_process --------------------------------------------------------------------------------

TEST_F(ProcessTest, captures_what_a_child_says) {
  auto ran = wait(run_process("echo out; echo err >&2; exit 3", {}, {.process = {.shell = true}}));
  EXPECT_EQ(ran.output, "out\n");
  EXPECT_EQ(ran.errors, "err\n");
  EXPECT_EQ(ran.status.code, 3);
}

TEST_F(ProcessTest, feeds_a_child_and_captures_a_lot) {
  const std::string much(700'000, 'x');
  EXPECT_TRUE(output_of("cat", {}, {.input = much}) == much);
}

TEST_F(ProcessTest, does_not_mind_a_child_that_does_not_read) {
  EXPECT_EQ(output_of("echo", {"done"}, {.input = std::string(1'000'000, 'x')}), "done\n");
}

TEST_F(ProcessTest, ends_a_child_that_says_too_much) {
  EXPECT_THAT(failure_of(run_process("yes", {}, {.output_bytes_max = 100})),
              HasSubstr("run_process yes: ENOBUFS"));
  EXPECT_EQ(output_of("printf", {"12345"}, {.output_bytes_max = 5}), "12345");
}

TEST_F(ProcessTest, ends_a_run_that_takes_too_long) {
  EXPECT_THAT(failure_of(run_process("sleep", {"60"}, {.process = {.timeout = 10ms}})),
              HasSubstr("run_process sleep: ETIMEDOUT"));
}

TEST_F(ProcessTest, tells_later_that_a_run_could_not_start) {
  std::string seen;
  run_process("/nowhere", {}, {}, [&](Result<ProcessOutput> ran) { seen = ran.error().what(); });
  EXPECT_EQ(seen, "");
  loop().run();
  EXPECT_EQ(seen, "spawn /nowhere: ENOENT: no such file or directory");
}

TEST_F(ProcessTest, drops_a_run_whose_loop_goes) {
  auto alive = std::make_shared<int>(0);
  run_process("sleep", {"0.2"}, {}, [alive](Result<ProcessOutput>) { ++*alive; });
  loop().run_nowait();
  destroy_loop();
  EXPECT_EQ(*alive, 0);
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_GT(::wait(nullptr), 0);
}

class FailedRuns : public ProcessTest {
 protected:
  /// Until the child's two pipes have had their first chunk.
  void wait_for_both(Lives& lives) {
    run_until([&] {
      return lives.of("PIPEWRAP", 2) == "1/1/1/0" && lives.of("PIPEWRAP", 3) == "1/1/1/0";
    });
  }
  void expect_captured(Promise<ProcessOutput> run, const char* name) {
    try {
      wait(std::move(run));
      ADD_FAILURE() << "did not fail";
    } catch (const ProcessError& error) {
      EXPECT_EQ(error.name(), name);
      EXPECT_EQ(error.output, "so far\n");
      EXPECT_EQ(error.errors, "so good\n");
    }
  }

  /// What was cancelled is not waited for, but reaped.
  void TearDown() override {
    loop().run();
    ProcessTest::TearDown();
  }

  const std::string talk_ = "echo so far; echo so good >&2; exec sleep 1000";
  std::stop_source source_;
};

TEST_F(FailedRuns, tell_what_was_said_until_they_were_cancelled) {
  Lives lives;
  auto run = run_process(talk_, {}, {.process = {.shell = true}}, source_.get_token());
  wait_for_both(lives);
  source_.request_stop();
  expect_captured(std::move(run), "ECANCELED");
}

TEST_F(FailedRuns, tell_what_was_said_until_it_took_too_long) {
  testing::FakeClock clock;
  Lives lives;
  auto run = run_process(talk_, {}, {.process = {.shell = true, .timeout = 1h}});
  wait_for_both(lives);
  clock.advance(1h);
  expect_captured(std::move(run), "ETIMEDOUT");
}

TEST_F(FailedRuns, tell_what_was_said_up_to_the_limit) {
  auto run = run_process("echo so good >&2; echo so far; echo and more; exec sleep 1000", {},
                         {.output_bytes_max = 7, .process = {.shell = true}});
  try {
    wait(std::move(run));
    ADD_FAILURE() << "did not fail";
  } catch (const ProcessError& error) {
    EXPECT_EQ(error.name(), "ENOBUFS");
    EXPECT_EQ(error.output, "so far\n");
  }
}

TEST_F(FailedRuns, tell_that_nothing_was_said_by_what_could_not_start) {
  try {
    wait(run_process("/nowhere"));
    ADD_FAILURE() << "did not fail";
  } catch (const ProcessError& error) {
    EXPECT_EQ(error.what(), std::string("spawn /nowhere: ENOENT: no such file or directory"));
    EXPECT_EQ(error.output + error.errors, "");
  }
}

TEST_F(FailedRuns, keep_what_was_said_when_with_stop_cancels_them) {
  Lives lives;
  auto run = with_stop(run_process(talk_, {}, {.process = {.shell = true}}), source_.get_token());
  wait_for_both(lives);
  source_.request_stop();
  expect_captured(std::move(run), "ECANCELED");
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(ProcessTest, and_its_pipes_are_made_by_the_caller_at_once) {
  Lives lives;
  run_process("true", {}, {}, ignore);
  EXPECT_THAT(lives.graph(), ElementsAre("PROCESSWRAP:1 by root", "PIPEWRAP:1 by root",
                                         "PIPEWRAP:2 by root", "PIPEWRAP:3 by root"));
  loop().run();
}

TEST_F(ProcessTest, lives_from_its_start_to_its_end) {
  Lives lives;
  std::string during;
  {
    auto child = Process::spawn("echo", {"text"},
                                {.standard_input = ChildStdio::pipe,
                                 .standard_output = ChildStdio::pipe,
                                 .standard_error = ChildStdio::pipe});
    EXPECT_EQ(lives.of("PROCESSWRAP"), "1/0/0/0");
    Collected out, err;
    collect(child.standard_output(), out);
    collect(child.standard_error(), err);
    child.exited().then([&](ExitStatus) { during = lives.of("PROCESSWRAP"); }).detach();
    run_until([&] { return !during.empty() && out.over() && err.over(); });
  }
  loop().run();
  EXPECT_EQ(during, "1/1/1/0");
  EXPECT_EQ(lives.of("PROCESSWRAP"), "1/1/1/1");
  EXPECT_EQ(lives.of("PIPEWRAP", 1), "1/1/1/1");  // The close.
  EXPECT_EQ(lives.of("PIPEWRAP", 2), "1/3/3/1");  // The text, the end, the close.
  EXPECT_EQ(lives.of("PIPEWRAP", 3), "1/2/2/1");
}

TEST_F(ProcessTest, has_no_before_if_it_could_not_start) {
  Lives lives;
  failure_to_spawn("/nowhere");
  loop().run();
  EXPECT_EQ(lives.of("PROCESSWRAP"), "1/0/0/1");
}

TEST_F(ProcessTest, ends_in_the_context_of_its_start) {
  AsyncLocalStorage<int> storage;
  int seen = 0;
  storage.run(5, [&] {
    run_process("true", {}, {}, [&](Result<ProcessOutput>) { seen = *storage.get_store(); });
  });
  loop().run();
  EXPECT_EQ(seen, 5);
}

TEST_F(ProcessTest, has_its_deadline_although_only_its_children_are_left) {
  RunOptions options{.process = {.shell = true, .timeout = std::chrono::milliseconds(50)}};
  EXPECT_THAT(failure_of(run_process("sleep 3 & echo parent", {}, std::move(options))),
              ::testing::HasSubstr("ETIMEDOUT"));
}

}  // namespace
}  // namespace contrail
