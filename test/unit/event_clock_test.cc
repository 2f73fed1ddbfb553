#include "src/async/event_clock.h"

#include <gtest/gtest.h>

namespace contrail::detail {
namespace {

/// A machine whose clocks say what they are told to.
struct Machine {
  static inline std::uint64_t ticks = 0;
  static inline std::int64_t time = 0;
  static inline bool steady = true;
  static inline int clock_readings = 0;

  static std::uint64_t read_ticks() noexcept { return ticks; }
  static std::int64_t read_clock() noexcept { return ++clock_readings, time; }
  static bool ticks_are_steady() noexcept { return steady; }
};

constexpr std::int64_t millisecond = 1'000'000;

class EventClockTest : public ::testing::Test {
 protected:
  EventClockTest() {
    Machine::ticks = 1'000'000'000'000;
    Machine::time = 5'000'000'000;
    Machine::steady = true;
    Machine::clock_readings = 0;
  }
  /// At 3 ticks a nanosecond, unless said otherwise.
  static void pass(std::int64_t nanoseconds, double ticks_each = 3) {
    Machine::time += nanoseconds;
    Machine::ticks += static_cast<std::uint64_t>(static_cast<double>(nanoseconds) * ticks_each);
  }
  void learn() {
    clock.now();
    pass(20 * millisecond);
    clock.now();
    Machine::clock_readings = 0;
  }
  std::int64_t error() { return clock.now() - Machine::time; }

  TickClock<Machine> clock;
};

TEST_F(EventClockTest, asks_the_system_only_now_and_then_once_it_knows_the_pace) {
  learn();
  for (int i = 0; i < 99; ++i) {
    pass(millisecond);
    EXPECT_LE(std::abs(error()), 1);
  }
  EXPECT_EQ(Machine::clock_readings, 0);
  pass(10 * millisecond);
  EXPECT_LE(std::abs(error()), 1);
  EXPECT_EQ(Machine::clock_readings, 1);
}

TEST_F(EventClockTest, is_right_after_long_silences_at_any_time) {
  clock.now();
  for (const std::int64_t seconds : {1, 1, 5, 60, 3600, 1}) {
    pass(seconds * 1000 * millisecond);
    EXPECT_LE(std::abs(error()), 1) << seconds;
    pass(millisecond);
    EXPECT_LE(std::abs(error()), 1) << seconds;
  }
}

TEST_F(EventClockTest, follows_a_clock_that_drifts_without_going_backwards) {
  learn();
  std::int64_t latest = clock.now();
  for (int i = 0; i < 10'000; ++i) {
    pass(millisecond, i < 5'000 ? 3.0003 : 2.9997);  // 100 ppm, either way.
    const std::int64_t now = clock.now();
    ASSERT_GE(now, latest);
    ASSERT_LE(std::abs(now - Machine::time), 40'000) << i;
    latest = now;
  }
}

TEST_F(EventClockTest, reads_the_system_each_time_once_ticks_went_backwards) {
  learn();
  pass(millisecond);
  const std::int64_t before = clock.now();
  Machine::ticks -= 1'000'000'000;
  EXPECT_GE(clock.now(), before);
  pass(200 * millisecond);
  EXPECT_EQ(error(), 0);
}

TEST_F(EventClockTest, reads_the_system_each_time_where_ticks_are_not_steady) {
  Machine::steady = false;
  learn();
  pass(millisecond, 1);
  EXPECT_EQ(error(), 0);
  EXPECT_EQ(Machine::clock_readings, 1);
}

}  // namespace
}  // namespace contrail::detail
