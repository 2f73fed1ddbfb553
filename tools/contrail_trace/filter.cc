#include "tools/contrail_trace/filter.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

namespace contrail::trace {

std::optional<std::int64_t> parse_duration(const std::string& text) {
  constexpr std::pair<std::string_view, double> units[] = {{"ns", 1},  {"us", 1e3}, {"ms", 1e6},
                                                           {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || !(number >= 0)) return std::nullopt;
  for (const auto& [name, factor] : units) {
    if (std::string_view(rest, static_cast<std::size_t>(end - rest)) != name) continue;
    const double nanoseconds = number * factor;
    if (nanoseconds > 1e18) return std::nullopt;
    return static_cast<std::int64_t>(nanoseconds);
  }
  return std::nullopt;
}

Filter::Filter(const FilterOptions& options, const Recording& recording)
    : known_until_(recording.known_until()),
      since_(std::numeric_limits<std::int64_t>::min()),
      until_(std::numeric_limits<std::int64_t>::max()),
      request_(options.request) {
  if (options.since) since_ = recording.end_time() - *options.since;
  if (options.until) until_ = recording.end_time() - *options.until;
  if (since_ > until_) {  // Not even what lasted from then to now.
    since_ = std::numeric_limits<std::int64_t>::max();
    until_ = std::numeric_limits<std::int64_t>::min();
  }
  const auto& types = options.types;
  for (const Group& group : recording.groups()) {
    accepted_groups_.push_back(types.empty() ||
                               std::find(types.begin(), types.end(), group.type) != types.end());
  }
}

}  // namespace contrail::trace
