#include "src/async/event_clock.h"

#include <time.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <x86intrin.h>
#endif

#include "contrail/event_time.h"
#include "src/async/environment.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t measured_for = second / 100;  ///< Off by 10 ppm at most, then adjusted.

#if defined(__x86_64__)
std::uint64_t read_ticks() noexcept { return __rdtsc(); }

bool ticks_are_steady() noexcept {
  constexpr unsigned power_management = 0x80000007;
  constexpr unsigned invariant = 1u << 8;
  unsigned a, b, c, d;
  return __get_cpuid(power_management, &a, &b, &c, &d) != 0 && (d & invariant) != 0;
}
#else
std::uint64_t read_ticks() noexcept { return 0; }
bool ticks_are_steady() noexcept { return false; }
#endif

std::int64_t read_clock() noexcept {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * second + time.tv_nsec;
}

/// Nanoseconds a tick, times 2^32.
std::uint64_t pace_of(std::int64_t time, std::uint64_t ticks) noexcept {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>((static_cast<Wide>(time) << 32) / ticks);
}

}  // namespace

std::int64_t EventClock::now() noexcept {
  if (known_ != Pace::known) [[unlikely]]
    return start();
  const std::uint64_t ticks = read_ticks();
  const std::uint64_t passed = ticks - base_ticks_;
  if (passed > ticks_between_) [[unlikely]]  // Also if it went backwards.
    return adjust(ticks);
  return base_time_ + static_cast<std::int64_t>(passed * pace_ >> 32);
}

/// Until the pace is known.
std::int64_t EventClock::start() noexcept {
  const std::int64_t time = advance_to(read_clock());
  if (known_ == Pace::unusable) return time;
  const std::uint64_t ticks = read_ticks();
  if (known_ == Pace::unknown) {
    known_ = ticks_are_steady() ? Pace::measuring : Pace::unusable;
    first_ticks_ = ticks;
    first_time_ = time;
  } else if (time - first_time_ >= measured_for) {
    if (ticks <= first_ticks_) {
      known_ = Pace::unusable;
      return time;
    }
    base_ticks_ = ticks;
    base_time_ = time;
    pace_ = pace_of(time - first_time_, ticks - first_ticks_);
    ticks_between_ = (ticks - first_ticks_) * (second / 10 / measured_for);
    known_ = Pace::known;
  }
  return time;
}

std::int64_t EventClock::adjust(std::uint64_t ticks) noexcept {
  const std::int64_t time = read_clock();
  // What it said last is at least what it would have said just before.
  const std::uint64_t passed = ticks - base_ticks_;
  const std::int64_t said = base_time_ + static_cast<std::int64_t>(ticks_between_ * pace_ >> 32);
  if (ticks <= first_ticks_ || time <= first_time_ || passed > ~std::uint64_t{0} / 2) {
    latest_ = said;  // It has been set back: a machine was put to sleep or moved.
    known_ = Pace::unusable;
    return advance_to(time);
  }
  pace_ = pace_of(time - first_time_, ticks - first_ticks_);
  base_ticks_ = ticks;
  if (time >= said) {
    base_time_ = time;
    return time;
  }
  // Ahead of the system's: go on from there, slower.
  base_time_ = said;
  const std::int64_t until_next = static_cast<std::int64_t>(ticks_between_ * pace_ >> 32);
  const std::int64_t ahead = said - time;
  pace_ = ahead < until_next / 2 ? pace_ - pace_of(ahead, ticks_between_) : pace_ / 2;
  return said;
}

}  // namespace detail

namespace {

std::chrono::steady_clock::time_point moment(std::int64_t nanoseconds) noexcept {
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(nanoseconds));
}

}  // namespace

std::chrono::steady_clock::time_point event_time() noexcept {
  if (detail::hot.environment) return moment(detail::hot.environment->hooks.event_time());
  return std::chrono::steady_clock::now();
}

std::chrono::steady_clock::time_point precise_event_time() noexcept {
  if (detail::hot.environment) return moment(detail::hot.environment->hooks.clock.now());
  return std::chrono::steady_clock::now();
}

}  // namespace contrail::inline v0
