#include "hooks/stack_sampler.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "contrail/error.h"
#include "contrail/execution.h"
#include "contrail/hooks/context_fields.h"
#include "contrail/hooks/signal_text.h"
#include "hooks/ancestry.h"

namespace contrail::inline v0::hooks {

namespace {

constinit thread_local StackSampler* sampler_here __attribute__((tls_model("initial-exec"))) =
    nullptr;

void on_signal(int, siginfo_t*, void* context) {
  const int saved_errno = errno;
  for (StackSampler* sampler = sampler_here; sampler; sampler = sampler->next()) {
    sampler->answer(context);
  }
  errno = saved_errno;
}

bool is_free(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && !(action.sa_flags & SA_SIGINFO) &&
         action.sa_handler == SIG_DFL;
}

/// The handler stays for good: a signal that is late must not find its default action, which would
/// end the process.
int caught(int signal) {
  static std::mutex mutex;
  static std::vector<int> ours;
  std::lock_guard lock(mutex);
  if (signal == 0 && !ours.empty()) return ours.front();
  if (std::find(ours.begin(), ours.end(), signal) != ours.end()) return signal;
  if (signal == 0) {
    signal = SIGRTMAX;
    while (signal > SIGRTMIN && !is_free(signal)) --signal;
  }
  struct sigaction action {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(signal, &action, nullptr) != 0) throw Error(-errno, "sigaction");
  ours.push_back(signal);
  return signal;
}

}  // namespace

StackSampler::StackSampler(int signal, const std::atomic<std::int64_t>& progress)
    : signal_(caught(signal)),
      thread_(static_cast<pid_t>(::syscall(SYS_gettid))),
      progress_(progress) {
  prepare_native_stacks();
  next_ = sampler_here;
  sampler_here = this;
}

StackSampler::~StackSampler() {
  StackSampler** link = &sampler_here;
  while (*link && *link != this) link = &(*link)->next_;
  if (*link) *link = next_;
}

const StackSample* StackSampler::take(std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  State expected = state_.load(std::memory_order_acquire);
  if (expected == asked || expected == answering) return nullptr;  // Still at the last question.
  state_.store(asked, std::memory_order_release);
  if (::syscall(SYS_tgkill, ::getpid(), thread_, signal_) != 0) {
    state_.store(idle, std::memory_order_release);
    return nullptr;
  }
  const auto deadline = Clock::now() + patience;
  while (state_.load(std::memory_order_acquire) != answered) {
    if (Clock::now() > deadline) {
      expected = asked;
      state_.compare_exchange_strong(expected, idle);
      return nullptr;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return &sample_;
}

void StackSampler::answer(const void* context) noexcept {
  State expected = asked;
  if (!state_.compare_exchange_strong(expected, answering)) return;  // Nobody waits any more.
  sample_.progress = progress_.load(std::memory_order_relaxed);
  take_native_stack(sample_.native, context);
  const Ancestry* ancestry = Ancestry::here();
  sample_.frames_size = ancestry ? ancestry->frames(execution_async_id(), sample_.frames.data(),
                                                    sample_.frames.size())
                                 : 0;
  sample_.context_size = 0;
  {
    SignalText to(sample_.context, sample_.context_size);
    write_context_fields(to);
  }
  state_.store(answered, std::memory_order_release);
}

std::string describe_address(void* address) {
  std::string text;
  SignalText to(text);
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  Dl_info about{};
  if (::dladdr(address, &about) == 0) {
    to.hex(at);
  } else {
    if (about.dli_sname) {
      int status = 0;
      const std::unique_ptr<char, void (*)(void*)> name(
          abi::__cxa_demangle(about.dli_sname, nullptr, nullptr, &status), &std::free);
      to.text(name ? name.get() : about.dli_sname);
      to.text("+").hex(at - reinterpret_cast<std::uintptr_t>(about.dli_saddr)).text(" ");
    }
    to.text("(").text(about.dli_fname ? about.dli_fname : "?").text("+");
    to.hex(at - reinterpret_cast<std::uintptr_t>(about.dli_fbase)).text(")");
  }
  to.flush();
  return text;
}

}  // namespace contrail::inline v0::hooks
