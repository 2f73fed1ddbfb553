#pragma once

#include <uv.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/detail/link.h"
#include "contrail/function.h"
#include "contrail/timers.h"

namespace contrail::inline v0::detail {

struct LoopState;

struct TimeoutState : Link, Pooled {
  TimeoutState(LoopState& its_loop, Function<void()>&& callback, std::int64_t delay, bool repeats,
               CreationSite site);
  ~TimeoutState() { unlink(); }
  static Timeout ticket(TimeoutState* state) { return Timeout(Ref<TimeoutState>::share(state)); }
  bool pending() const noexcept { return linked() && !parked; }

  std::uint32_t refs = 1;
  bool repeat;
  bool has_ref = true;
  bool destroyed = false;   ///< Its resource has ended: fired for the last time, or cleared.
  bool armed = true;        ///< Not cleared: fn may be called.
  bool running = false;     ///< fn is on the stack: it must not be destroyed now.
  bool parked = false;      ///< In Timers::parked_ rather than in a list.
  bool restartable = true;  ///< Cleared while pending: refresh() does nothing any more.
  LoopState& loop;          ///< Gone if nothing is pending any more.
  std::int64_t start = 0;   ///< In ms of the loop's clock.
  Function<void()> fn;
  Timeout::Details details;
  AsyncResource resource;
};

/// Timers in Node's design: a list per duration, in order of insertion and therefore of expiry; a
/// heap of lists by the expiry of their first; one uv timer for the heap's top.
class Timers {
 public:
  explicit Timers(LoopState& loop) noexcept : loop_(loop) {}
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  void open();
  Timeout add(Function<void()>&& fn, std::chrono::milliseconds delay, bool repeat,
              CreationSite site);
  void clear(TimeoutState& timer) noexcept;
  void refresh(TimeoutState& timer);
  static void set_ref(TimeoutState& timer, bool on) noexcept;  ///< Its Loop may be gone.
  bool drop() noexcept;
  /// Clears those that keep the loop running.
  void drop_those_with_ref() noexcept;
  void close() noexcept;
  template <class F>
  void each(F fn) const;

  std::int64_t now() noexcept;
  std::chrono::milliseconds cached_now() const noexcept;  ///< Without reading the clock.
  /// Virtual time: the uv timer stays off, and only run_due() lets timers fire.
  void set_virtual_time(std::optional<std::int64_t> now) noexcept;
  /// When the uv timer would fire. As in Node, it may be for a timer that has been cleared.
  std::optional<std::int64_t> next_wake_up() const noexcept {
    return next_expiry_ == never ? std::nullopt : std::optional(next_expiry_);
  }
  bool has_virtual_time() const noexcept { return virtual_now_.has_value(); }
  bool keep_loop_alive() const noexcept { return ref_count_ != 0; }
  const void* uv_handle() const noexcept { return &timer_; }
  void run_due();

 private:
  struct List : Link {
    List(std::int64_t delay) noexcept : delay(delay) { close(); }
    bool empty() const noexcept { return next == this; }
    TimeoutState* first() const noexcept { return static_cast<TimeoutState*>(next); }

    std::int64_t delay;
    std::int64_t expiry = 0;
    std::uint64_t order = 0;   ///< Of two that expire together, the one set first goes first.
    std::size_t position = 0;  ///< In the heap.
  };

  void insert(TimeoutState& timer, std::int64_t start);
  List& list_of(std::int64_t delay) {
    return last_list_ && last_list_->delay == delay ? *last_list_ : find_or_add(delay);
  }
  List& find_or_add(std::int64_t delay);
  List& add_list(std::int64_t delay);
  void place(List& list, std::int64_t expiry);
  void remove(List& list);
  /// A timer of that delay was cleared. Many delays that are used once must not add up.
  void drop_list_if_idle(std::int64_t delay) {
    if (!last_list_ || last_list_->delay != delay) drop_idle_list(delay);
  }
  void drop_idle_list(std::int64_t delay);
  void sift_up(std::size_t at) noexcept;
  void sift_down(std::size_t at) noexcept;
  bool earlier(const List* a, const List* b) const noexcept;

  bool run_lists(std::int64_t now);
  bool run_list(List& list, std::int64_t now);
  bool fire(TimeoutState& timer);
  void finish(TimeoutState& timer) noexcept;
  void count_one() noexcept {
    if (ref_count_++ == 0) uv_ref(reinterpret_cast<uv_handle_t*>(&timer_));
  }
  void discount_one() noexcept {
    if (--ref_count_ == 0) uv_unref(reinterpret_cast<uv_handle_t*>(&timer_));
  }
  void schedule(std::int64_t expiry) noexcept;
  void shift(std::int64_t change) noexcept;

  static constexpr std::int64_t never = INT64_MAX;

  LoopState& loop_;
  uv_timer_t timer_{};
  std::unordered_map<std::int64_t, std::unique_ptr<List>> lists_;
  List* last_list_ = nullptr;     ///< Most timers have the delay of the one before.
  List* running_list_ = nullptr;  ///< Stays, even if it gets empty.
  std::vector<List*> heap_;
  std::uint64_t next_order_ = 0;
  std::int64_t next_expiry_ = never;
  std::size_t ref_count_ = 0;
  Link parked_;  ///< Finished, but a ticket could start them again.
  std::optional<std::int64_t> virtual_now_;
};

/// Calls fn with each that is pending. It may not change them.
template <class F>
void Timers::each(F fn) const {
  for (const List* list : heap_) {
    for (const Link* link = list->next; link != list; link = link->next) {
      fn(static_cast<const TimeoutState&>(*link));
    }
  }
}

}  // namespace contrail::inline v0::detail
