#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "contrail/hooks/loop_monitor.h"
#include "hooks/stack_sampler.h"

namespace contrail::inline v0::hooks {

/// A thread that notices that the Loop's has not got any further for too long. Looks now and then
/// while the loop has something to do, and sleeps while it has not.
class LoopWatchdog {
 public:
  /// Nanoseconds of the steady clock, or 0 while the loop waits for events.
  using Moment = std::int64_t;

  /// On the Loop's thread, as is everything else that is public. The options must outlive this.
  explicit LoopWatchdog(LoopMonitorOptions& options);
  LoopWatchdog(const LoopWatchdog&) = delete;
  LoopWatchdog& operator=(const LoopWatchdog&) = delete;
  ~LoopWatchdog();

  /// Where a fork() has left this behind without its thread: not even a destructor may run then.
  bool has_thread() const noexcept;

  /// The loop has got somewhere.
  void progress(Moment at) noexcept { progress_.store(at, std::memory_order_relaxed); }
  void loop_waits() noexcept { progress(0); }
  /// It waits no longer. In one order with what run() does, so that one of the two sees the other.
  void loop_wakes(Moment at) noexcept {
    progress_.store(at, std::memory_order_seq_cst);
    if (asleep_.load(std::memory_order_seq_cst)) wake();
  }

 private:
  void run();
  void sleep_until_loop_wakes(std::unique_lock<std::mutex>& lock);
  void report(Moment at, std::chrono::nanoseconds since);
  void add_sample(Moment at, StuckLoop& stuck);
  void wake() noexcept;

  LoopMonitorOptions& options_;
  const std::chrono::nanoseconds threshold_;
  const std::uint64_t loop_;
  const pid_t process_;
  std::atomic<Moment> progress_{0};
  std::atomic<bool> asleep_{false};
  bool stopping_ = false;  ///< Guarded by the mutex.
  std::mutex mutex_;
  std::condition_variable woken_;
  std::optional<StackSampler> sampler_;
  std::thread thread_;  ///< Last: it uses all the others.
};

}  // namespace contrail::inline v0::hooks
