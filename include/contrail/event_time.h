#pragma once

#include <chrono>

#include "contrail/detail/export.h"

namespace contrail::inline v0 {

/// For hooks: when the event happened that they are being told about, on the steady clock.
///
/// The clock is read once at each end of a callback, and only if some hook asks. All hooks get the
/// same answer, and everything a callback makes or settles is said to happen as it began, or as the
/// latest callback inside it ended: that is what makes a stamp cost a few nanoseconds. Outside
/// callbacks, and outside hooks, every call reads the clock.
///
/// Nanoseconds that never go backwards on one thread. Where the processor has an invariant time
/// stamp counter, that is what is read, and compared with the system's clock ten times a second:
/// the two differ by less than a microsecond or so.
CONTRAIL_API std::chrono::steady_clock::time_point event_time() noexcept;

/// The same clock, read now.
CONTRAIL_API std::chrono::steady_clock::time_point precise_event_time() noexcept;

}  // namespace contrail::inline v0
