#include "tools/contrail_trace/wall_time.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <string_view>

namespace contrail::trace {
namespace {

constexpr std::int64_t second = 1'000'000'000;
/// A damaged header must not make sums overflow.
constexpr std::int64_t start_max = std::int64_t{1} << 62;

}  // namespace

std::string wall_time(const hooks::FlightHeader& header, std::int64_t steady_time, int digits) {
  const std::int64_t start = std::clamp<std::int64_t>(header.wall_start, 0, start_max);
  const std::int64_t since_1970 =
      std::max<std::int64_t>(0, start + std::min(steady_time - header.steady_start, start_max - 1));
  const std::string fraction = fmt::format("{:09}", since_1970 % second);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{}Z",
                     fmt::gmtime(static_cast<std::time_t>(since_1970 / second)),
                     std::string_view(fraction).substr(0, static_cast<std::size_t>(digits)));
}

}  // namespace contrail::trace
