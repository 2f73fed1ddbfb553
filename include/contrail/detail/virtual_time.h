#pragma once

#include <chrono>
#include <optional>

#include "contrail/detail/export.h"

namespace contrail::inline v0 {
class Loop;

namespace detail {

/// Puts the loop's timers on a clock that stands still until it is set; nullopt puts them back on
/// the system's. From one clock to the other, pending timers keep the time they have left. Not from
/// inside a callback. What testing::FakeClock is made of.
CONTRAIL_API void set_virtual_time(std::optional<std::chrono::milliseconds> now) noexcept;
/// Whether they are on such a clock.
CONTRAIL_API bool has_virtual_time() noexcept;
/// When the loop would next wake up for a timer, by its clock: not later than the next one is due.
CONTRAIL_API std::optional<std::chrono::milliseconds> next_wake_up() noexcept;
/// Fires what is due by the loop's clock, each timer followed by its ticks and microtasks.
CONTRAIL_API void run_due_timers();
/// Destroys and immediates, which libuv leaves out of a turn with nothing but timers to wait for.
/// Throws what run() would.
CONTRAIL_API void run_check_phase();
/// Whether a timer is pending that the loop would wait for. On virtual time Loop::run() does not.
CONTRAIL_API bool timers_keep_loop_alive() noexcept;
/// Waits, in real time, until the loop's next turn has something to do. False if limit was reached.
CONTRAIL_API bool wait_for_loop(std::chrono::milliseconds limit) noexcept;

}  // namespace detail
}  // namespace contrail::inline v0
