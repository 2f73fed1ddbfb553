#pragma once

#include "contrail/async_resource.h"
#include "contrail/detail/job.h"
#include "contrail/function.h"

namespace contrail::inline v0::detail {

struct LoopState;

/// A first-in, first-out list of things that carry their own `next`.
template <class T>
class Fifo {
 public:
  bool empty() const noexcept { return head_ == nullptr; }
  T* front() const noexcept { return head_; }
  void push(T* item) noexcept {
    item->next = nullptr;
    (head_ ? tail_->next : head_) = item;
    tail_ = item;
  }
  T* pop() noexcept {
    T* item = head_;
    if (item) head_ = item->next;
    return item;
  }

 private:
  T* head_ = nullptr;
  T* tail_ = nullptr;
};

struct Tick : Pooled {
  Tick(Function<void()>&& callback, CreationSite site)
      : fn(std::move(callback)), resource(resource_types::tick, site) {}
  Tick(Function<void()>&& callback, AsyncId trigger, CreationSite site)
      : fn(std::move(callback)),
        resource(resource_types::tick, ResourceOptions{.trigger_async_id = trigger}, site) {}
  Tick* next = nullptr;
  Function<void()> fn;
  AsyncResource resource;
};

/// Ticks and microtasks: two queues, one drain order, which is Node's.
class TaskQueue {
 public:
  explicit TaskQueue(LoopState& loop) noexcept : loop_(loop) {}

  void add_tick(Function<void()>&& fn, CreationSite site) { add(new Tick(std::move(fn), site)); }
  /// One that something other than the running code caused.
  void add_tick(Function<void()>&& fn, AsyncId trigger, CreationSite site) {
    add(new Tick(std::move(fn), trigger, site));
  }
  void add_job(Job* job) noexcept { jobs_.push(job); }
  void add_microtask(Function<void()>&& fn, CreationSite site);
  void rejection_pending() noexcept { rejection_pending_ = true; }

  /// Runs ticks, then microtasks, then judges rejections, until there are none. False if a tick,
  /// or the handler of rejections, threw: what is left then waits for the next drain.
  bool drain() { return idle() || drain_all(); }
  /// An exception may keep this drain from coming to its end. What is left then waits for the end
  /// of another callback, which is certain to come.
  void left_undone() noexcept { await_callback_ = true; }
  /// Whether a scope without a callback should drain: there is something, and it need not wait.
  bool due() const noexcept { return !await_callback_ && !idle(); }
  /// Destroys everything undone. True if there was anything.
  bool drop();
  bool empty() const noexcept { return ticks_.empty() && jobs_.empty(); }

 private:
  void add(Tick* tick) noexcept {
    ticks_.push(tick);
    tick_scheduled_ = true;
  }
  /// Asked after every timer and immediate, which mostly leave nothing behind.
  bool idle() const noexcept {
    return jobs_.empty() && !tick_scheduled_ && !rejection_pending_ && !await_callback_;
  }
  CONTRAIL_API bool drain_all();
  bool run_ticks();
  bool run_tick(Tick& tick);
  void run_jobs() noexcept;

  LoopState& loop_;
  Fifo<Tick> ticks_;
  Fifo<Job> jobs_;
  bool tick_scheduled_ = false;
  bool rejection_pending_ = false;
  bool await_callback_ = false;
};

}  // namespace contrail::inline v0::detail
