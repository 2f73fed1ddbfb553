#include "src/async/shared_context.h"

#include <mutex>
#include <utility>

#include "contrail/async_context.h"
#include "src/async/lent_frame.h"

namespace contrail::inline v0 {
namespace detail {

constinit thread_local HomeThread* home_thread = nullptr;

/// Where shared contexts return to: a stack that any thread pushes to, and its own empties. It
/// outlives its thread as long as something is out.
class HomeThread {
 public:
  void add_user() noexcept { users_.fetch_add(1, std::memory_order_relaxed); }
  void drop_user() noexcept {
    if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  void give_back(SharedContext* context) noexcept {
    if (home_thread == this) {
      delete context;
      return;
    }
    SharedContext* head = returned_.load(std::memory_order_acquire);
    do {
      if (head == deserted()) return free_orphan(context);
      context->next_ = head;
    } while (!returned_.compare_exchange_weak(head, context, std::memory_order_release,
                                              std::memory_order_acquire));
  }
  void take_back() noexcept {
    if (returned_.load(std::memory_order_relaxed)) free_all(nullptr);
  }
  void desert() noexcept {
    const bool outer = std::exchange(freeing_orphans, true);
    {
      // What was returned by now may share boxes with what is an orphan from now on.
      std::lock_guard lock(orphans_mutex_);
      free_all(deserted());
      home_thread = nullptr;
    }
    freeing_orphans = outer;
    if (!outer) free_waiting_orphans();
    drop_user();
  }

 private:
  /// Stands in the place of the stack once the thread has ended.
  SharedContext* deserted() noexcept { return reinterpret_cast<SharedContext*>(this); }

  void free_all(SharedContext* leave) noexcept {
    SharedContext* head = returned_.exchange(leave, std::memory_order_acq_rel);
    while (head) delete std::exchange(head, head->next_);
  }
  /// What one of them frees may be another, of this thread or of one more that has ended: those
  /// wait for their turn, so that no more than one lock is held.
  static void free_orphan(SharedContext* context) noexcept {
    context->next_ = std::exchange(orphans, context);
    if (!freeing_orphans) free_waiting_orphans();
  }
  static void free_waiting_orphans() noexcept {
    freeing_orphans = true;
    while (SharedContext* next = orphans) {
      orphans = next->next_;
      next->home_.free_own_orphan(next);
    }
    freeing_orphans = false;
  }
  /// Frames of one thread share boxes, whose counts are plain: one at a time.
  void free_own_orphan(SharedContext* context) noexcept {
    add_user();
    {
      std::lock_guard lock(orphans_mutex_);
      delete context;
    }
    drop_user();
  }

  static constinit thread_local SharedContext* orphans;
  static constinit thread_local bool freeing_orphans;

  std::atomic<SharedContext*> returned_ = nullptr;
  std::atomic<std::size_t> users_ = 1;  ///< The thread, and every context.
  std::mutex orphans_mutex_;
};

constinit thread_local SharedContext* HomeThread::orphans = nullptr;
constinit thread_local bool HomeThread::freeing_orphans = false;

SharedContext::SharedContext(ContextFrame* frame, HomeThread& home) noexcept
    : frame_(frame), home_(home) {
  home.add_user();
}

SharedContext::~SharedContext() {
  if (home_thread == &home_) {
    release(frame_);
  } else {
    release_orphan(frame_);
  }
  home_.drop_user();
}

SharedContext* SharedContext::of(ContextFrame* frame) {
  take_back_contexts();
  if (!home_thread) home_thread = new HomeThread;
  auto copy = FrameRef::adopt(clone_frame(frame));
  auto* context = new SharedContext(copy.get(), *home_thread);
  static_cast<void>(copy.detach());
  return context;
}

void SharedContext::drop_share() noexcept {
  if (shares_.fetch_sub(1, std::memory_order_acq_rel) == 1) home_.give_back(this);
}

ContextFrame* SharedContext::lend() {
  struct SharedBox final : LentBox, Pooled {
    SharedContext* context;
  };
  return lent_frame(frame_, [this](const Box* lender, const Box* from) -> Box* {
    auto* box = new SharedBox;
    box->uid = from->variable() | Box::lent;
    box->lender = lender;
    box->context = this;
    box->destroy = [](Box* self) noexcept {
      auto* shared = static_cast<SharedBox*>(self);
      SharedContext* its_context = shared->context;
      delete shared;
      its_context->drop_share();
    };
    add_share();
    return box;
  });
}

void take_back(HomeThread& home) noexcept { home.take_back(); }

void leave_home() noexcept {
  if (home_thread) home_thread->desert();
}

}  // namespace detail

namespace async_context {

SharedSnapshot::SharedSnapshot(detail::ContextFrame* frame)
    : context_(frame ? detail::SharedContext::of(frame) : nullptr) {}

SharedSnapshot::SharedSnapshot(const SharedSnapshot& other) noexcept : context_(other.context_) {
  if (context_) context_->add_share();
}

SharedSnapshot::~SharedSnapshot() {
  if (context_) context_->drop_share();
}

detail::ContextFrame* SharedSnapshot::frame_of_this_thread() const {
  return context_ ? context_->lend() : nullptr;
}

}  // namespace async_context
}  // namespace contrail::inline v0
