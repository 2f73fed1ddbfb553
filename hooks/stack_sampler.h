#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "contrail/hooks/async_stack.h"
#include "hooks/native_stack.h"

namespace contrail::inline v0::hooks {

/// What a thread was doing at one moment, taken down by itself in a signal handler.
struct StackSample {
  std::int64_t progress = 0;  ///< What the thread's `progress` was.
  NativeStack native;
  std::array<AsyncFrame, 32> frames;
  std::size_t frames_size = 0;
  std::array<char, 2048> context;
  std::size_t context_size = 0;
};

/// Asks the thread that has made it what it is doing. Made and destroyed there, after and before
/// any other thread uses it.
class StackSampler {
 public:
  /// The signal as in LoopMonitorOptions. Throws Error.
  StackSampler(int signal, const std::atomic<std::int64_t>& progress);
  StackSampler(const StackSampler&) = delete;
  StackSampler& operator=(const StackSampler&) = delete;
  ~StackSampler();

  /// From one other thread. nullptr if there is no answer in time: it blocks the signal, or does
  /// not get the processor. Valid until the next call.
  const StackSample* take(std::chrono::milliseconds patience);

  void answer(const void* context) noexcept;  ///< For the handler.

  /// Another one of this thread.
  StackSampler* next() const noexcept { return next_; }

 private:
  enum State { idle, asked, answering, answered };

  int signal_;
  pid_t thread_;
  const std::atomic<std::int64_t>& progress_;
  StackSampler* next_ = nullptr;
  std::atomic<State> state_{idle};
  StackSample sample_;
};

/// "function+0x1a (program+0x1234)".
std::string describe_address(void* address);

}  // namespace contrail::inline v0::hooks
