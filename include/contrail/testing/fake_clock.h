#pragma once

#include <chrono>
#include <cstddef>

#include "contrail/detail/export.h"
#include "contrail/loop.h"

namespace contrail::inline v0::detail {
struct Environment;
}

namespace contrail::inline v0::testing {

struct FakeClockOptions {
  /// How often run_until_idle() may move the clock before it concludes that it would never end.
  std::size_t max_steps = 10'000;
  /// How long, in real time, run_until_idle() waits for I/O that does not come.
  std::chrono::milliseconds patience = std::chrono::seconds(10);
};

/// Timers that fire when the test says so. Everything else, I/O included, is as ever.
///
///     Loop loop;
///     testing::FakeClock clock;            // after the Loop; it starts at 0 ms
///     set_timeout([] { say_goodbye(); }, 1h);
///     clock.advance(1h);                   // in no time at all
///
/// Timers that are pending already keep the time they have left, and so they do when the clock goes
/// and the loop is back on the system's. While it exists, Loop::run() does not wait for timers, and
/// Loop::now() is this clock's. The clock is moved from outside the loop's callbacks only, and goes
/// before its Loop: using it afterwards ends the process with a sentence. A Loop has at most
/// one: making a second throws std::logic_error.
class CONTRAIL_API FakeClock {
 public:
  explicit FakeClock(FakeClockOptions options = {});  ///< For the current thread's Loop.
  FakeClock(const FakeClock&) = delete;
  FakeClock& operator=(const FakeClock&) = delete;
  ~FakeClock();

  std::chrono::milliseconds now() const noexcept;

  /// Lets time pass: each timer that is due by then fires at its own time, which is what its
  /// callback sees, followed by its ticks and microtasks. Before the first and after each moment
  /// the loop makes one turn without waiting, for immediates, `destroy` events and I/O that is
  /// ready.
  ///
  /// If a callback throws and the Loop has no handler, so does this, with the clock at that moment;
  /// another call goes on from there. Throws std::invalid_argument for a negative duration, and for
  /// one that leads beyond milliseconds::max() / 2.
  void advance(std::chrono::milliseconds duration);

  /// Runs the loop until nothing is left but unref'd timers, as Loop::run() would. It moves the
  /// clock on to the next timer only when there is nothing else to wait for: as long as I/O, or a
  /// keep_alive(), would keep Loop::run() from returning, real time is waited for it instead.
  ///
  /// Throws std::runtime_error, saying which, if it would never end: an interval that nobody
  /// clears, or timers that start each other, or I/O that does not come, such as a server that
  /// goes on listening. Use advance() there.
  void run_until_idle();

 private:
  void fire_next();
  void run_io();

  class Moving;

  Loop& loop() const noexcept;  ///< Which must still be there.

  Loop& loop_;
  const detail::Environment* const environment_;  ///< What tells whether it is.
  const FakeClockOptions options_;
  bool moving_ = false;
};

}  // namespace contrail::inline v0::testing
