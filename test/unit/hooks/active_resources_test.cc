#include "contrail/hooks/active_resources.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/error.h"
#include "contrail/hooks/async_stack.h"
#include "contrail/loop.h"
#include "contrail/signal.h"
#include "contrail/tcp.h"
#include "contrail/timers.h"
#include "support/child.h"
#include "support/loop_test.h"
#include "support/sanitizers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

class ActiveResourcesText : public LoopTest {};

TEST_F(ActiveResourcesText, say_that_nothing_is_open) {
  EXPECT_THAT(hooks::active_resources_text(), MatchesRegex("loop [0-9]+: nothing is open\n"));
}

TEST_F(ActiveResourcesText, are_counted_by_type_and_place) {
  std::vector<Timeout> timers;
  for (int i = 0; i < 3; ++i) timers.push_back(set_timeout([] {}, 1h));
  timers[1].unref();
  const Timeout other = set_timeout([] {}, 1h);
  const auto groups = hooks::active_groups();
  ASSERT_THAT(groups, SizeIs(2));
  EXPECT_EQ(groups[0].count, 3u);
  EXPECT_EQ(groups[0].with_ref, 2u);
  EXPECT_EQ(groups[0].oldest[0].id, timers[0].async_id());
  EXPECT_THAT(hooks::active_resources_text(), HasSubstr("(3 of them, 2 do)"));
  for (Timeout timer : timers) clear_timeout(timer);
  clear_timeout(other);
}

TEST_F(ActiveResourcesText, that_keep_the_loop_alive_come_first) {
  SignalWatcher watcher(SIGWINCH);
  TcpServer server;
  server.listen(SocketAddress::loopback());
  EXPECT_THAT(hooks::active_resources_text(),
              MatchesRegex("loop [0-9]+ is kept alive by 1 of 2 resources:\n"
                           "  keeps it alive: TCPSERVERWRAP at .*, made by root\n"
                           "  does not: SIGNALWRAP at .*, made by root\n"));
  EXPECT_THAT(hooks::active_groups({.only_with_ref = true}), SizeIs(1));
  server.close();
  watcher.close();
  loop().run();
}

TEST_F(ActiveResourcesText, are_followed_to_what_caused_them_if_it_is_open) {
  TcpServer server;
  server.listen(SocketAddress::loopback());
  AsyncResource request("Request", {.trigger_async_id = server.async_id()});
  std::optional<Timeout> timer;
  request.run_in_async_scope([&] { timer = set_timeout([] {}, 1h); });
  EXPECT_THAT(hooks::active_resources_text(),
              HasSubstr(", made by resource " + std::to_string(request.async_id()) + "\n"));
  const hooks::AsyncStack stack;
  EXPECT_THAT(hooks::active_resources_text(), HasSubstr(", made by root\n"));
  clear_timeout(*timer);
  server.close();
  loop().run();
}

TEST_F(ActiveResourcesText, that_are_recorded_tell_age_and_causes) {
  const hooks::AsyncStack stack;
  std::optional<Timeout> timer;
  set_immediate([&] { timer = set_interval([] {}, 5s).unref(); });
  loop().run();
  EXPECT_THAT(hooks::active_resources_text(), HasSubstr(", every 5 s, made "));
  EXPECT_THAT(hooks::active_resources_text(),
              MatchesRegex("(.|\n)*made [^ ]+ [a-z]+ ago by Immediate [0-9]+ at .*, by root\n"));
  clear_interval(*timer);
}

TEST_F(ActiveResourcesText, include_what_is_no_resource_but_keeps_the_loop) {
  const hooks::AsyncStack stack;
  uv_timer_t foreign[2];
  for (uv_timer_t& each : foreign) {
    uv_timer_init(loop().native(), &each);
    uv_timer_start(
        &each, [](uv_timer_t*) {}, 1'000'000, 0);
  }
  std::optional<Loop::KeepAlive> alive = loop().keep_alive();
  EXPECT_TRUE(loop().run_nowait());
  EXPECT_THAT(hooks::active_resources_text(),
              MatchesRegex("loop [0-9]+ is kept alive by 3 of 3 resources:\n"
                           "  keeps it alive: KeepAlive at .*active_resources_test.cc:[0-9]+\n"
                           "  keeps it alive: uv_timer_t \\(2 of them\\), "
                           "a handle that is not contrail's\n"));
  alive.reset();
  for (uv_timer_t& each : foreign) uv_close(reinterpret_cast<uv_handle_t*>(&each), nullptr);
  loop().run();
}

TEST_F(ActiveResourcesText, cannot_be_printed_on_a_signal_that_cannot_be_caught) {
  EXPECT_THROW(hooks::print_active_resources_on_signal(SIGKILL), Error);
}

/// Waits for events for ever, having said that it begins to.
void wait_for_ever() {
  Loop loop;
  TcpServer server;
  server.listen(SocketAddress::loopback());
  set_immediate([] { ::write(STDERR_FILENO, "ready\n", 6); });
  loop.run();
}

TEST(ActiveResourcesOnSignal, are_printed_by_a_loop_that_waits) {
  Child child([] {
    hooks::print_active_resources_on_signal();
    wait_for_ever();
  });
  child.output_with("ready\n");
  child.send(SIGUSR2);
  EXPECT_THAT(child.output_with("by root\n"), HasSubstr("  keeps it alive: TCPSERVERWRAP at "));
}

TEST(ActiveResourcesOnSignal, are_printed_for_the_environment_variable) {
  Child child([] {
    ::setenv("CONTRAIL_DEBUG", "active", 1);
    wait_for_ever();
  });
  child.output_with("ready\n");
  child.send(SIGUSR2);
  EXPECT_THAT(child.output_with("by root\n"), HasSubstr("TCPSERVERWRAP"));
}

TEST(ActiveResourcesOnSignal, leave_the_signal_alone_otherwise) {
  Child child(wait_for_ever);
  child.output_with("ready\n");
  child.send(SIGUSR2);
  EXPECT_EQ(child.wait_for_signal(), SIGUSR2);
}

TEST(ActiveResourcesOnSignal, are_printed_each_time_and_by_loops_made_before) {
  Child child([] {
    Loop loop;
    TcpServer server;
    server.listen(SocketAddress::loopback());
    hooks::print_active_resources_on_signal(SIGUSR1);
    hooks::print_active_resources_on_signal(SIGUSR1);
    set_immediate([] { ::write(STDERR_FILENO, "ready\n", 6); });
    loop.run();
  });
  child.output_with("ready\n");
  child.send(SIGUSR1);
  child.output_with("by root\n");
  child.send(SIGUSR1);
  EXPECT_THAT(child.output_with("by root\nloop"), HasSubstr("by root\nloop"));
}

TEST(ActiveResourcesOnSignal, are_those_of_all_threads) {
  Child child([] {
    hooks::print_active_resources_on_signal();
    std::thread(wait_for_ever).detach();
    wait_for_ever();
  });
  child.output_with("ready\nready\n");
  child.send(SIGUSR2);
  EXPECT_THAT(child.output_with("by root\nloop"), HasSubstr("by root\nloop"));
}

TEST(ActiveResourcesOnSignal, are_printed_by_children_that_were_forked_since) {
  if (has_thread_sanitizer)
    GTEST_SKIP() << "wants no new threads in the child of a process with two";
  Child child([] {
    hooks::print_active_resources_on_signal();
    const pid_t grandchild = ::fork();
    if (grandchild != 0) {
      ::waitpid(grandchild, nullptr, 0);
      return;
    }
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    Loop loop;
    TcpServer server;
    server.listen(SocketAddress::loopback());
    set_immediate([] { std::raise(SIGUSR2); });
    loop.run();
  });
  EXPECT_THAT(child.output_with("by root\n"), HasSubstr("TCPSERVERWRAP"));
}

TEST(ActiveResourcesOnSignal, are_printed_by_nobody_if_it_was_sent_to_a_child_without_a_loop) {
  Child child([] {
    Loop loop;
    hooks::print_active_resources_on_signal();
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      std::raise(SIGUSR2);
      ::_exit(0);
    }
    ::waitpid(grandchild, nullptr, 0);
    set_timeout([] {}, 50ms);  // As long as a printout would have to come.
    loop.run();
  });
  EXPECT_EQ(child.output(), "");
}

TEST(ActiveResourcesOnSignal, do_not_keep_a_child_from_having_a_loop) {
  if (has_thread_sanitizer || has_address_sanitizer)
    GTEST_SKIP() << "has an allocator that may be locked for ever in a child";
  Child child([] {
    hooks::print_active_resources_on_signal();
    Loop loop;
    std::atomic<bool> over{false};
    std::thread storm([&] {  // Forks meet the printing thread at work, sooner or later.
      while (!over) ::kill(::getpid(), SIGUSR2);
    });
    for (int i = 0; i < 50; ++i) {
      const pid_t grandchild = ::fork();
      if (grandchild == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::_exit((std::thread([] { Loop its_own; }).join(), 0));
      }
      ::waitpid(grandchild, nullptr, 0);
    }
    over = true;
    storm.join();
  });
  EXPECT_EQ(child.wait(), 0);
}

void say_before(int) { ::write(STDERR_FILENO, "before\n", 7); }

TEST(ActiveResourcesOnSignal, let_the_handler_before_have_it_too) {
  Child child([] {
    std::signal(SIGUSR2, say_before);
    hooks::print_active_resources_on_signal();
    wait_for_ever();
  });
  child.output_with("ready\n");
  child.send(SIGUSR2);
  EXPECT_THAT(child.output_with("by root\n"), HasSubstr("before\n"));
}

}  // namespace
}  // namespace contrail
