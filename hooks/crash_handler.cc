#include "contrail/hooks/crash_handler.h"

#include <cxxabi.h>
#include <signal.h>
#include <sys/syscall.h>
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
/// The first thread to crash reports, and once; what crashes meanwhile ends the process at once.
constinit std::atomic<bool> reported{false};

pid_t this_thread() noexcept { return static_cast<pid_t>(::syscall(SYS_gettid)); }

bool has_address(int number) noexcept { return number != SIGABRT; }

void write_state(SignalText& to) {
  to.text(" in thread ").number(this_thread()).text("; how it got there:\n");
  to.flush();  // Whatever comes of the rest.
  write_running(to, Ancestry::here(), settings.frames_max);
  to.flush();
  to.text("context:");
  write_context_fields(to);
  to.text("\n");
}

void report_signal(const Watched& signal, const siginfo_t& about) {
  if (reported.exchange(true)) return;
  SignalText to(settings.fd);
  to.text("contrail: ").text(signal.name);
  if (about.si_code > 0 && has_address(signal.number)) {
    to.text(" (address ").hex(reinterpret_cast<std::uintptr_t>(about.si_addr)).text(")");
  } else if (about.si_code == SI_USER || about.si_code == SI_QUEUE) {
    to.text(" from process ").number(about.si_pid);
  }
  write_state(to);
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

void on_signal(int number, siginfo_t* about, void*) {
  const int saved_errno = errno;
  for (const Watched& signal : watched) {
    if (signal.number != number) continue;
    report_signal(signal, *about);
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
    to.text(", ").text(known.what());
  } catch (...) {
    // Its type has to do.
  }
}

void on_terminate() {
  if (!reported.exchange(true)) {
    SignalText to(settings.fd);
    to.text("contrail: std::terminate() ");
    write_exception(to);
    write_state(to);
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
