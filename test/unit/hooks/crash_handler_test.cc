#include "contrail/hooks/crash_handler.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "contrail/async_local_storage.h"
#include "contrail/hooks/async_stack.h"
#include "contrail/hooks/context_fields.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/thread_pool.h"
#include "contrail/timers.h"
#include "support/child.h"
#include "support/sanitizers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using hooks::SignalText;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::StartsWith;

/// A process of its own, as sanitizers have not touched it: what faults is the system's business.
void forget_other_handlers() {
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) std::signal(number, SIG_DFL);
}

/// Crashes inside a tick inside a timer.
template <class F>
void crash_in_loop(F crash) {
  forget_other_handlers();
  hooks::install_crash_handler();
  Loop loop;
  set_timeout([&] { next_tick([&] { crash(); }); }, 1ms);
  loop.run();
}

[[gnu::noinline]] void read_from_nowhere() {
  volatile int* nowhere = nullptr;
  *nowhere = 1;  // NOLINT
}

TEST(CrashHandler, says_how_the_crash_came_about) {
  Child child([] { crash_in_loop([] { std::raise(SIGSEGV); }); });
  EXPECT_THAT(child.output(),
              AllOf(StartsWith("contrail: SIGSEGV"), HasSubstr("how it got there:\n  TickObject "),
                    HasSubstr("\n  Timeout 2 at "), HasSubstr("\n  root\n")));
  EXPECT_EQ(child.wait_for_signal(), SIGSEGV);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(CrashHandler, says_at_which_address_memory_was_touched) {
  Child child([] { crash_in_loop(read_from_nowhere); });
  EXPECT_THAT(child.output(), HasSubstr("SIGSEGV (address 0x0)"));
  EXPECT_EQ(child.wait_for_signal(), SIGSEGV);
}

/// Of the first line after "native stack:", the address: `  ./app(+0x4711)[0x55d0c0a41f31]`.
std::uintptr_t innermost_address(const std::string& output) {
  const std::size_t start = output.find('[', output.find("native stack:\n"));
  return start == std::string::npos ? 0 : std::stoull(output.substr(start + 1), nullptr, 16);
}

TEST(CrashHandler, ends_with_the_native_stack_of_what_crashed) {
  Child child([] { crash_in_loop(read_from_nowhere); });
  const std::string& output = child.output();
  EXPECT_LT(output.find("  TickObject "), output.find("\nnative stack:\n  "));
  const auto begin = reinterpret_cast<std::uintptr_t>(&read_from_nowhere);
  EXPECT_GE(innermost_address(output), begin);
  EXPECT_LT(innermost_address(output), begin + 256);
  EXPECT_EQ(child.wait_for_signal(), SIGSEGV);
}

#if defined(__x86_64__)
[[gnu::noinline]] void ruin_the_stack() {
  asm volatile("xorl %ebp, %ebp\n\tmovl $16, %esp\n\tud2");
}

TEST(CrashHandler, ends_the_process_the_same_way_where_the_stack_is_in_ruins) {
  Child child([] { crash_in_loop(ruin_the_stack); });
  EXPECT_THAT(child.output(), AllOf(StartsWith("contrail: SIGILL"), HasSubstr("\n  root\n"),
                                    HasSubstr("]\n  the rest is in ruins\n")));
  EXPECT_EQ(child.wait_for_signal(), SIGILL);
}
#endif

volatile bool go_on = true;
[[gnu::noinline]] int overflow(volatile char* previous) {
  volatile char frame[4096];
  frame[0] = previous ? previous[0] : 1;
  return go_on ? overflow(frame) + frame[0] : 0;
}

TEST(CrashHandler, reports_an_overflow_of_the_stack) {
  Child child([] { crash_in_loop([] { overflow(nullptr); }); });
  EXPECT_THAT(child.output(), AllOf(HasSubstr("SIGSEGV"), HasSubstr("  TickObject "),
                                    HasSubstr("\nnative stack:\n  ")));
  EXPECT_EQ(child.wait_for_signal(), SIGSEGV);
}
#endif

class CrashBy : public ::testing::TestWithParam<int> {};

TEST_P(CrashBy, ends_by_that_signal_after_one_report) {
  Child child([] { crash_in_loop([] { std::raise(GetParam()); }); });
  const std::string& output = child.output();
  EXPECT_EQ(output.find("contrail: "), output.rfind("contrail: "));
  EXPECT_THAT(output, HasSubstr("  TickObject "));
  EXPECT_EQ(child.wait_for_signal(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(AllSignals, CrashBy,
                         ::testing::Values(SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT));

TEST(CrashHandler, shows_the_context_of_what_crashed) {
  Child child([] {
    AsyncLocalStorage<std::string> user;
    const auto shown = hooks::context_field("user", user);
    crash_in_loop([&] { user.run("ada", [] { std::abort(); }); });
  });
  EXPECT_THAT(child.output(), HasSubstr("context: user=\"ada\"\n"));
  EXPECT_EQ(child.wait_for_signal(), SIGABRT);
}

void exit_in_peace(int) { ::_exit(42); }

TEST(CrashHandler, hands_over_to_the_handler_before_it) {
  Child child([] {
    forget_other_handlers();
    std::signal(SIGSEGV, exit_in_peace);
    hooks::install_crash_handler();
    std::raise(SIGSEGV);
  });
  EXPECT_THAT(child.output(), HasSubstr("contrail: SIGSEGV"));
  EXPECT_EQ(WEXITSTATUS(child.wait()), 42);
}

void throw_it() { throw std::runtime_error("no way out"); }
void throw_nowhere() noexcept { throw_it(); }

TEST(CrashHandler, reports_terminate_with_the_exception) {
  Child child([] { crash_in_loop(throw_nowhere); });
  const std::string& output = child.output();
  EXPECT_THAT(output, HasSubstr("contrail: std::terminate() by an exception: std::runtime_error, "
                                "no way out in thread "));
  EXPECT_THAT(output, HasSubstr("  TickObject "));
  EXPECT_THAT(output, Not(HasSubstr("contrail: SIGABRT")));
  EXPECT_EQ(child.wait_for_signal(), SIGABRT);
}

TEST(CrashHandler, knows_the_loops_of_other_threads) {
  Child child([] {
    forget_other_handlers();
    hooks::install_crash_handler();
    std::thread([] {
      Loop loop;
      set_immediate([] { std::raise(SIGFPE); });
      loop.run();
    }).join();
  });
  EXPECT_THAT(child.output(), HasSubstr("  Immediate 2 at "));
  EXPECT_EQ(child.wait_for_signal(), SIGFPE);
}

std::string state_of_other;  ///< Where the system tells what the other thread does.
std::atomic<bool> other_crashes{false};
std::atomic<bool> report_has_begun{false};

/// A field of the report, in the middle of which another thread crashes. In a signal handler.
void let_other_crash(const int&, SignalText& to) {
  report_has_begun = true;
  while (!other_crashes) std::this_thread::yield();
  for (bool sleeps = false; !sleeps;) {  // Or it has taken this process with it.
    char stat[64]{};
    const int file = ::open(state_of_other.c_str(), O_RDONLY | O_CLOEXEC);
    const ssize_t size = ::read(file, stat, sizeof stat);
    ::close(file);
    sleeps = std::string_view(stat, size < 0 ? 0 : static_cast<std::size_t>(size)).find(") S ") !=
             std::string_view::npos;
  }
  to.text("told to the end");
}

TEST(CrashHandler, is_not_cut_off_by_a_crash_of_another_thread) {
  Child child([] {
    forget_other_handlers();
    AsyncLocalStorage<int> storage;
    const auto shown = hooks::context_field("field", storage, &let_other_crash);
    hooks::install_crash_handler();
    std::thread([] {
      state_of_other = fmt::format("/proc/self/task/{}/stat", ::syscall(SYS_gettid));
      while (!report_has_begun) std::this_thread::yield();
      other_crashes = true;
      std::raise(SIGFPE);
    }).detach();
    Loop loop;
    storage.run(1, [] { set_immediate([] { std::raise(SIGSEGV); }); });
    loop.run();
  });
  EXPECT_THAT(child.output(), HasSubstr("context: field=told to the end\nnative stack:\n"));
  EXPECT_EQ(child.wait_for_signal(), SIGSEGV);
}

TEST(CrashHandler, says_so_where_no_loop_is) {
  Child child([] {
    forget_other_handlers();
    hooks::install_crash_handler();
    std::abort();
  });
  EXPECT_THAT(child.output(),
              AllOf(HasSubstr("\n  this thread has no loop\n"), Not(HasSubstr("context:"))));
  EXPECT_EQ(child.wait_for_signal(), SIGABRT);
}

TEST(CrashHandler, knows_jobs_of_the_thread_pool) {
  Child child([] {
    forget_other_handlers();
    hooks::install_crash_handler();
    Loop loop;
    queue_work([] { std::abort(); }).detach();
    loop.run();
  });
  EXPECT_THAT(child.output(), HasSubstr("it runs a job of queue_work()\n"));
  EXPECT_EQ(child.wait_for_signal(), SIGABRT);
}

TEST(CrashHandler, says_so_where_no_callback_is_running) {
  Child child([] {
    forget_other_handlers();
    hooks::install_crash_handler();
    Loop loop;
    uv_prepare_t about_to_poll;
    uv_prepare_init(loop.native(), &about_to_poll);
    uv_prepare_start(&about_to_poll, [](uv_prepare_t*) { std::abort(); });
    loop.run();
  });
  EXPECT_THAT(child.output(), HasSubstr("\n  no callback is running\n"));
  EXPECT_EQ(child.wait_for_signal(), SIGABRT);
}

TEST(CrashHandler, leaves_the_native_stack_out_if_asked_to) {
  Child child([] {
    forget_other_handlers();
    hooks::install_crash_handler({.native_stack = false});
    std::abort();
  });
  EXPECT_THAT(child.output(), Not(HasSubstr("native stack:")));
}

void throw_lies() { throw std::runtime_error("no\ncontext: admin=\"yes\""); }
void throw_lies_nowhere() noexcept { throw_lies(); }

TEST(CrashHandler, cannot_be_made_to_say_what_is_not_by_an_exception) {
  Child child([] { crash_in_loop(throw_lies_nowhere); });
  EXPECT_THAT(child.output(), HasSubstr("std::runtime_error, no\\ncontext: "));
}

TEST(CrashHandler, tells_ids_where_nothing_is_recorded) {
  Child child([] {
    forget_other_handlers();
    hooks::install_crash_handler({.nodes_max = 0});
    Loop loop;
    set_immediate([] { std::abort(); });
    loop.run();
  });
  EXPECT_THAT(child.output(), HasSubstr("  resource 2 by 1, nothing more is recorded\n"));
}

void show_and_crash(const int&, hooks::SignalText&) { std::raise(SIGBUS); }

TEST(CrashHandler, ends_the_process_when_reporting_crashes) {
  Child child([] {
    AsyncLocalStorage<int> number({}, 1);
    const auto shown = hooks::context_field("number", number, show_and_crash);
    crash_in_loop([] { std::raise(SIGSEGV); });
  });
  EXPECT_THAT(child.output(), HasSubstr("  TickObject "));
  EXPECT_EQ(child.wait_for_signal(), SIGBUS);
}

TEST(CrashHandler, is_installed_once) {
  Child child([] {
    forget_other_handlers();
    hooks::install_crash_handler();
    hooks::install_crash_handler();
    std::abort();
  });
  const std::string& output = child.output();
  EXPECT_EQ(output.find("contrail: "), output.rfind("contrail: "));
  EXPECT_EQ(child.wait_for_signal(), SIGABRT);
}

}  // namespace
}  // namespace contrail
