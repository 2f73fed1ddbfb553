#pragma once

#include <chrono>
#include <optional>

#include "contrail/detail/export.h"

namespace contrail::inline v0 {
class Loop;

namespace detail {

/// Puts the loop's timers on a clock that stands still until it is set; nullopt puts them back on
/// the system's. What testing::FakeClock is made of.
CONTRAIL_API void set_virtual_time(std::optional<std::chrono::milliseconds> now) noexcept;
/// When the next timer is due, by the loop's clock; nullopt if none is pending.
CONTRAIL_API std::optional<std::chrono::milliseconds> next_timer() noexcept;
/// Fires what is due by the loop's clock, each timer followed by its ticks and microtasks.
CONTRAIL_API void run_due_timers();

}  // namespace detail
}  // namespace contrail::inline v0
