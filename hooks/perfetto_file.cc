#include "hooks/perfetto_file.h"

#include <ctime>

namespace contrail::inline v0::hooks {
namespace {

std::uint64_t nanoseconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(now.tv_nsec);
}

PerfettoClocks clocks_now() {
  return {
      .monotonic = nanoseconds_of(CLOCK_MONOTONIC),
#ifdef CLOCK_BOOTTIME
      .boottime = nanoseconds_of(CLOCK_BOOTTIME),
#else
      .boottime = 0,
#endif
      .realtime = nanoseconds_of(CLOCK_REALTIME),
  };
}

}  // namespace

PerfettoFile::PerfettoFile(const std::filesystem::path& path, const TraceOrigin& origin)
    : file_(path), events_(file_.buffer(), origin, clocks_now()) {}

void PerfettoFile::flush(const TraceTotals& totals, bool is_last) {
  if (is_last) events_.dropped(totals.dropped_events, totals.dropped_arrows);
  file_.flush({});
}

}  // namespace contrail::inline v0::hooks
