#include "hooks/loop_watchdog.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "contrail/loop.h"

namespace contrail::inline v0::hooks {

namespace {

using namespace std::chrono_literals;

/// After so many looks at a loop that waits it is left alone until it wakes.
constexpr int looks_max = 4;
constexpr auto patience = 500ms;

/// A thread in which no signal is handled: they are the program's.
template <class F>
std::thread thread_without_signals(F&& fn) {
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  struct Restore {
    ~Restore() { ::pthread_sigmask(SIG_SETMASK, before, nullptr); }
    const sigset_t* before;
  } restore{&before};
  return std::thread(std::forward<F>(fn));
}

}  // namespace

LoopWatchdog::LoopWatchdog(LoopMonitorOptions& options)
    : options_(options),
      threshold_(options.threshold),
      loop_(Loop::current().number()),
      process_(::getpid()) {
  if (options.native_stack) sampler_.emplace(options.signal, progress_);
  thread_ = thread_without_signals([this] { run(); });
}

LoopWatchdog::~LoopWatchdog() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_one();
  thread_.join();
}

bool LoopWatchdog::has_thread() const noexcept { return process_ == ::getpid(); }

void LoopWatchdog::run() {
  std::unique_lock lock(mutex_);
  Moment reported = 0;
  int looks = 0;
  while (!stopping_) {
    const Moment at = progress_.load(std::memory_order_acquire);
    const std::chrono::nanoseconds now = std::chrono::steady_clock::now().time_since_epoch();
    const std::chrono::nanoseconds since = now - std::chrono::nanoseconds(at);
    looks = at == 0 ? looks + 1 : 0;
    if (looks > looks_max) {
      sleep_until_loop_wakes(lock);
      looks = 0;
    } else if (at == 0 || at == reported) {
      woken_.wait_for(lock, threshold_ / 2);
    } else if (since < threshold_) {
      woken_.wait_for(lock, threshold_ - since);
    } else if (progress_.load(std::memory_order_acquire) == at) {  // This thread may be late, too.
      reported = at;
      lock.unlock();
      report(at, since);
      lock.lock();
    }
  }
}

void LoopWatchdog::sleep_until_loop_wakes(std::unique_lock<std::mutex>& lock) {
  asleep_.store(true, std::memory_order_seq_cst);
  if (progress_.load(std::memory_order_seq_cst) == 0) {
    woken_.wait(lock, [this] { return stopping_ || !asleep_; });
  }
  asleep_ = false;
}

void LoopWatchdog::wake() noexcept {
  {
    std::lock_guard lock(mutex_);
    asleep_ = false;
  }
  woken_.notify_one();
}

void LoopWatchdog::report(Moment at, std::chrono::nanoseconds since) {
  StuckLoop stuck{.loop = loop_, .since = since, .frames = {}, .context = {}, .native_stack = {}};
  if (sampler_) add_sample(at, stuck);
  if (options_.on_stuck) return options_.on_stuck(stuck);
  const std::string text = to_text(stuck);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void LoopWatchdog::add_sample(Moment at, StuckLoop& stuck) {
  const StackSample* sample = sampler_->take(patience);
  // It may have got further before it answered: what the sample shows is not what took so long.
  if (!sample || sample->progress != at) return;
  const auto frames = sample->frames.begin();
  const std::size_t size = std::min(sample->frames_size, options_.frames_max);
  stuck.frames.assign(frames, frames + static_cast<std::ptrdiff_t>(size));
  // Each field has a space before it.
  const std::string_view context(sample->context.data(), sample->context_size);
  stuck.context = context.substr(context.empty() ? 0 : 1);
  for (std::size_t i = 0; i < sample->native.size; ++i) {
    stuck.native_stack.push_back(describe_address(sample->native.addresses[i]));
  }
}

}  // namespace contrail::inline v0::hooks
