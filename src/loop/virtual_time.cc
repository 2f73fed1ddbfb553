#include "contrail/detail/virtual_time.h"

#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

void set_virtual_time(std::optional<std::chrono::milliseconds> now) noexcept {
  loop_state().timers.set_virtual_time(now ? std::optional(now->count()) : std::nullopt);
}

std::optional<std::chrono::milliseconds> next_timer() noexcept {
  const auto expiry = loop_state().timers.next_expiry();
  return expiry ? std::optional(std::chrono::milliseconds(*expiry)) : std::nullopt;
}

void run_due_timers() { loop_state().timers.run_due(); }

}  // namespace contrail::inline v0::detail
