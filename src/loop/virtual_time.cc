#include "contrail/detail/virtual_time.h"

#include <poll.h>

#include <algorithm>

#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

void Timers::set_virtual_time(std::optional<std::int64_t> now) noexcept {
  const std::int64_t before = this->now();
  const bool other_clock = now.has_value() != virtual_now_.has_value();
  virtual_now_ = now;
  if (other_clock) shift(this->now() - before);
  if (now) {
    uv_timer_stop(&timer_);
  } else if (!heap_.empty()) {
    schedule(heap_.front()->expiry);
  }
}

/// What is pending keeps the time it has left.
void Timers::shift(std::int64_t change) noexcept {
  if (next_expiry_ != never) next_expiry_ += change;
  for (List* list : heap_) {
    list->expiry += change;
    for (Link* link = list->next; link != list; link = link->next) {
      static_cast<TimeoutState*>(link)->start += change;
    }
  }
}

void set_virtual_time(std::optional<std::chrono::milliseconds> now) noexcept {
  loop_state().timers.set_virtual_time(now ? std::optional(now->count()) : std::nullopt);
}

bool has_virtual_time() noexcept { return loop_state().timers.has_virtual_time(); }

std::optional<std::chrono::milliseconds> next_wake_up() noexcept {
  const auto wake_up = loop_state().timers.next_wake_up();
  return wake_up ? std::optional(std::chrono::milliseconds(*wake_up)) : std::nullopt;
}

bool timers_keep_loop_alive() noexcept { return loop_state().timers.keep_loop_alive(); }

void run_due_timers() { loop_state().timers.run_due(); }

void run_check_phase() {
  loop_state().run_check_phase();
  loop_state().rethrow_uncaught();
}

bool wait_for_loop(std::chrono::milliseconds limit) noexcept {
  uv_loop_t* loop = loop_state().uv;
  const int own_limit = uv_backend_timeout(loop);  // Of what else there is to do; -1: nothing.
  if (own_limit == 0) return true;
  const int timeout = static_cast<int>(limit.count());
  pollfd backend{uv_backend_fd(loop), POLLIN, 0};
  const int ready = poll(&backend, 1, own_limit < 0 ? timeout : std::min(timeout, own_limit));
  return ready != 0 || (own_limit > 0 && own_limit <= timeout);
}

}  // namespace contrail::inline v0::detail
