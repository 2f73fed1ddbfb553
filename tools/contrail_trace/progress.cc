#include "tools/contrail_trace/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <utility>

namespace contrail::trace {
namespace {

constexpr std::uint64_t worth_waiting_for = 2'000'000;

}  // namespace

Progress::Progress(std::uint64_t records)
    : records_(records), shown_(records >= worth_waiting_for && ::isatty(STDERR_FILENO)) {}

Progress::~Progress() {
  if (shown_) fmt::print(stderr, "\r{:60}\r", "");
}

void Progress::turn(std::uint64_t passed) {
  if (!shown_) return;
  const int percent = static_cast<int>(passed * 100 / records_);
  if (std::exchange(percent_, percent) == percent) return;
  fmt::print(stderr, "\r[{:<40}] {:3} %",
             std::string(static_cast<std::size_t>(percent) * 2 / 5, '='), percent);
  std::fflush(stderr);
}

}  // namespace contrail::trace
