#pragma once

#include <atomic>
#include <cstdint>

#include "contrail/detail/context_frame.h"

namespace contrail::inline v0::detail {

class HomeThread;

/// A frame that several threads may read. Its count is atomic; the frame's own, and those of all
/// it leads to, belong to the thread it is from and are touched there only. So whoever drops the
/// last share elsewhere does not free the frame but sends it home.
class SharedContext {
 public:
  /// On the frame's thread.
  static SharedContext* of(ContextFrame* frame);
  SharedContext(const SharedContext&) = delete;
  SharedContext& operator=(const SharedContext&) = delete;

  void add_share() noexcept { shares_.fetch_add(1, std::memory_order_relaxed); }
  void drop_share() noexcept;
  /// A frame of this thread's, made of boxes that stand for the shared one's and have a share.
  ContextFrame* lend();

 private:
  friend class HomeThread;
  SharedContext(ContextFrame* frame, HomeThread& home) noexcept;
  ~SharedContext();

  std::atomic<std::uint32_t> shares_ = 1;
  ContextFrame* const frame_;  ///< A copy, which disable() does not reach.
  HomeThread& home_;
  SharedContext* next_ = nullptr;  ///< On the way home.
};

/// The current thread's, once it has shared anything.
extern constinit thread_local HomeThread* home_thread __attribute__((tls_model("initial-exec")));

void take_back(HomeThread& home) noexcept;
/// Frees what came home. Once per turn of the loop.
inline void take_back_contexts() noexcept {
  if (home_thread) [[unlikely]]
    take_back(*home_thread);
}
/// This thread ends: what is still out is freed wherever its last share is dropped.
void leave_home() noexcept;

/// Releases a frame of a thread that has ended, wholly before it returns.
void release_orphan(ContextFrame* frame) noexcept;

}  // namespace contrail::inline v0::detail
