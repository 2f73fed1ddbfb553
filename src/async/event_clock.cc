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

#if defined(__x86_64__)
std::uint64_t SystemTicks::read_ticks() noexcept { return __rdtsc(); }

bool SystemTicks::ticks_are_steady() noexcept {
  constexpr unsigned power_management = 0x80000007;
  constexpr unsigned invariant = 1u << 8;
  unsigned a, b, c, d;
  return __get_cpuid(power_management, &a, &b, &c, &d) != 0 && (d & invariant) != 0;
}
#else
std::uint64_t SystemTicks::read_ticks() noexcept { return 0; }
bool SystemTicks::ticks_are_steady() noexcept { return false; }
#endif

std::int64_t SystemTicks::read_clock() noexcept {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * std::int64_t{1'000'000'000} + time.tv_nsec;
}

template class TickClock<SystemTicks>;

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
