#include "contrail/hooks/crash_handler.h"

#include <cxxabi.h>
#include <execinfo.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string_view>

#include "contrail/execution.h"
#include "contrail/hooks/context_fields.h"
#include "contrail/hooks/signal_text.h"
#include "contrail/loop.h"
#include "hooks/ancestry.h"
#include "hooks/native_stack.h"
#include "hooks/signal_stack.h"

namespace contrail::inline v0::hooks {

namespace {

struct Watched {
  int number;
  std::string_view name;
  struct sigaction previous {};
};

constinit std::array<Watched, 5> watched{{{SIGSEGV, "SIGSEGV"},
                                          {SIGBUS, "SIGBUS"},
                                          {SIGILL, "SIGILL"},
                                          {SIGFPE, "SIGFPE"},
                                          {SIGABRT, "SIGABRT"}}};
constinit CrashHandlerOptions settings;
constinit std::terminate_handler previous_terminate = nullptr;
/// The first thread to crash: it reports, and once.
constinit std::atomic<pid_t> reporter{0};

pid_t this_thread() noexcept { return static_cast<pid_t>(::syscall(SYS_gettid)); }

/// For what crashes beside the reporter: to go on at once would end the process in the middle of
/// the report. It may be stuck, so not for ever.
void let_reporter_finish() noexcept {
  constexpr int at_most_seconds = 5;
  timespec left{at_most_seconds, 0};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

bool may_report() noexcept {
  pid_t first = 0;
  if (reporter.compare_exchange_strong(first, this_thread())) return true;
  if (first != this_thread()) let_reporter_finish();
  return false;  // What crashes in the reporter itself ends the process at once.
}

bool has_address(int number) noexcept { return number != SIGABRT; }

/// Whose native stack is being written, and where to go on if that faults.
constinit std::atomic<pid_t> native_of{0};
constinit sigjmp_buf after_native{};
constinit NativeStack native_stack;

/// On a small stack of somebody else's for signals there is none to be taken.
bool has_room() noexcept {
  constexpr std::size_t bytes_min = 16 * 1024;
  stack_t current{};
  return ::sigaltstack(nullptr, &current) == 0 &&
         (!(current.ss_flags & SS_ONSTACK) || current.ss_size >= bytes_min);
}

void write_address(void* address) noexcept {
  SignalText(settings.fd).text("  ");
  ::backtrace_symbols_fd(&address, 1, settings.fd);
}

/// Where it crashed comes first: the rest may not be readable.
void unwind(const void* context) noexcept {
  SignalText(settings.fd).text("native stack:\n");
  void* const crashed_at = interrupted_address(context);
  if (crashed_at) write_address(crashed_at);
  take_native_stack(native_stack, context);
  const bool is_written = native_stack.size > 0 && native_stack.addresses[0] == crashed_at;
  for (std::size_t i = is_written ? 1 : 0; i < native_stack.size; ++i) {
    write_address(native_stack.addresses[i]);
  }
}

/// The last of a report: a stack in ruins cannot be unwound, and what faults then must not change
/// how the process ends. `context` is the signal handler's, or nullptr.
void write_native_stack(const void* context) noexcept {
  if (!settings.native_stack || !has_room()) return;
  if (sigsetjmp(after_native, 1) == 0) {
    native_of.store(this_thread());
    unwind(context);
  } else {
    SignalText(settings.fd).text("  the rest is in ruins\n");
  }
  native_of.store(0);
}

void write_state(SignalText& to, const void* context) {
  to.text(" in thread ").number(this_thread()).text("; how it got there:\n");
  to.flush();  // Whatever comes of the rest.
  write_running(to, Ancestry::here(), settings.frames_max);
  to.flush();
  if (has_context_fields()) {
    to.text("context:");
    write_context_fields(to);
    to.text("\n");
    to.flush();
  }
  write_native_stack(context);
}

void report_signal(const Watched& signal, const siginfo_t& about, const void* context) {
  if (!may_report()) return;
  SignalText to(settings.fd);
  to.text("contrail: ").text(signal.name);
  if (about.si_code > 0 && has_address(signal.number)) {
    to.text(" (address ").hex(reinterpret_cast<std::uintptr_t>(about.si_addr)).text(")");
  } else if (about.si_code == SI_USER || about.si_code == SI_QUEUE) {
    to.text(" from process ").number(about.si_pid);
  }
  write_state(to, context);
}

/// A fault happens again as soon as this handler returns, and then it is the previous handler's.
/// What somebody has sent has to be sent again.
void pass_on(const Watched& signal, siginfo_t& about) noexcept {
  ::sigaction(signal.number, &signal.previous, nullptr);
  if (about.si_code > 0) return;
  if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), this_thread(), signal.number, &about) != 0) {
    ::raise(signal.number);
  }
}

void on_signal(int number, siginfo_t* about, void* context) {
  if (native_of.load() == this_thread()) {
    native_of.store(0);
    ::siglongjmp(after_native, 1);
  }
  const int saved_errno = errno;
  for (const Watched& signal : watched) {
    if (signal.number != number) continue;
    report_signal(signal, *about, context);
    pass_on(signal, *about);
  }
  errno = saved_errno;
}

void write_exception(SignalText& to) noexcept {
  const std::exception_ptr error = std::current_exception();
  if (!error) {
    to.text("without an exception");
    return;
  }
  int status = 0;
  const char* mangled = abi::__cxa_current_exception_type()->name();
  const std::unique_ptr<char, void (*)(void*)> name(
      abi::__cxa_demangle(mangled, nullptr, nullptr, &status), &std::free);
  to.text("by an exception: ").text(name ? name.get() : mangled);
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& known) {
    to.text(", ").escaped(known.what());
  } catch (...) {
    // Its type has to do.
  }
}

void on_terminate() {
  if (may_report()) {
    SignalText to(settings.fd);
    to.text("contrail: std::terminate() ");
    write_exception(to);
    write_state(to, nullptr);
  }
  if (previous_terminate) previous_terminate();
  std::abort();
}

/// What a thread needs for its crashes to be reported.
struct Companion {
  std::shared_ptr<void> signal_stack = make_signal_stack();
  std::shared_ptr<Ancestry> ancestry = settings.nodes_max > 0
                                           ? Ancestry::share(settings.nodes_max, true)
                                           : nullptr;
};

/// A thread that has a Loop already, or none at all: for as long as it lives.
void equip_this_thread() {
  thread_local std::shared_ptr<void> signal_stack;
  thread_local std::shared_ptr<Ancestry> ancestry;
  if (!signal_stack) signal_stack = make_signal_stack();
  const bool has_loop = execution_async_id() != no_async_id;
  if (has_loop && settings.nodes_max > 0) ancestry = Ancestry::share(settings.nodes_max, true);
}

void install() {
  prepare_native_stacks();
  for (Watched& signal : watched) {
    struct sigaction action {};
    action.sa_sigaction = on_signal;
    // Not deferred: what crashes in the handler gets past it, to the one before.
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigemptyset(&action.sa_mask);
    ::sigaction(signal.number, &action, &signal.previous);
  }
  if (settings.on_terminate) previous_terminate = std::set_terminate(on_terminate);
  Loop::add_companion([](Loop&) -> std::shared_ptr<void> { return std::make_shared<Companion>(); });
}

}  // namespace

void install_crash_handler(CrashHandlerOptions options) {
  settings = options;
  static const bool once = (install(), true);
  (void)once;
  equip_this_thread();
}

}  // namespace contrail::inline v0::hooks
