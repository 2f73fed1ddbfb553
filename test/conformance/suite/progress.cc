#include "test/conformance/suite/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

namespace contrail::conformance {

using namespace std::chrono_literals;

Progress::Progress(std::uint64_t total) : total_(total), is_terminal_(isatty(STDERR_FILENO) == 1) {}

void Progress::show(std::uint64_t done, std::uint64_t differences) {
  const Clock::time_point now = Clock::now();
  if (now - shown_ < (is_terminal_ ? Clock::duration(100ms) : Clock::duration(10s))) return;
  shown_ = now;
  const std::chrono::duration<double> elapsed = now - start_;
  fmt::print(stderr, "{}{}/{}, {:.0f} per second, {} differences{}", is_terminal_ ? "\r\x1b[K" : "",
             done, total_, static_cast<double>(done) / elapsed.count(), differences,
             is_terminal_ ? "" : "\n");
  is_dirty_ = is_terminal_;
}

void Progress::clear() {
  if (is_dirty_) fmt::print(stderr, "\r\x1b[K");
  is_dirty_ = false;
}

}  // namespace contrail::conformance
