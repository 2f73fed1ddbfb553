#pragma once

#include <uv.h>

#include "contrail/async_resource.h"
#include "contrail/function.h"
#include "contrail/timers.h"

namespace contrail::inline v0::detail {

struct LoopState;

struct ImmediateState : Pooled {
  ImmediateState(Function<void()>&& callback, CreationSite site)
      : fn(std::move(callback)), resource(resource_types::immediate, site) {}
  static Immediate ticket(ImmediateState* state) {
    return Immediate(Ref<ImmediateState>::share(state));
  }

  // Two cache lines, with all that follows.
  std::uint32_t refs : 30 = 1;
  bool done : 1 = false;  ///< Run or cleared. Until then its Loop is there.
  bool has_ref : 1 = true;
  const std::uint32_t thread = hot.thread;
  ImmediateState* next = nullptr;
  ImmediateState* previous = nullptr;
  Function<void()> fn;
  AsyncResource resource;
};

static_assert(sizeof(ImmediateState) == 128);

/// set_immediate(): a list that is run, as it stood, in each check phase.
class Immediates {
 public:
  explicit Immediates(LoopState& loop) noexcept : loop_(loop) {}

  void open();
  Immediate add(Function<void()>&& fn, CreationSite site);
  void clear(ImmediateState& immediate) noexcept;
  void set_ref(ImmediateState& immediate, bool on) noexcept;
  /// The check phase.
  void run();
  bool drop() noexcept;
  template <class F>
  void each(F fn) const {
    for (const List* list : {&running_, &waiting_}) {
      for (const ImmediateState* one = list->head; one; one = one->next) fn(*one);
    }
  }
  void close() noexcept;
  /// Whether one is pending that keeps the loop alive.
  bool alive() const noexcept { return ref_count_ != 0; }
  const void* uv_handle() const noexcept { return &spin_; }

 private:
  struct List {
    ImmediateState* head = nullptr;
    ImmediateState* tail = nullptr;
    void push(ImmediateState* immediate) noexcept {
      immediate->previous = tail;
      (tail ? tail->next : head) = immediate;
      tail = immediate;
    }
    void pop() noexcept {
      ImmediateState* next = std::exchange(head->next, nullptr);
      head = next;
      (next ? next->previous : tail) = nullptr;
    }
    void remove(ImmediateState* immediate) noexcept;
  };
  bool run_list();
  bool run_one(ImmediateState& immediate);
  bool pending() const noexcept { return running_.head || waiting_.head; }
  void count_one() noexcept {
    if (ref_count_++ == 0) spin();
  }
  void discount_one() noexcept {
    if (--ref_count_ == 0) spin();
  }
  void spin() noexcept;

  LoopState& loop_;
  List waiting_;
  List running_;  ///< Of this turn; what is left of it after an exception runs in the same phase.
  std::size_t ref_count_ = 0;
  uv_idle_t spin_{};  ///< Keeps the loop alive, and from waiting for I/O, while it has work here.
};

}  // namespace contrail::inline v0::detail
