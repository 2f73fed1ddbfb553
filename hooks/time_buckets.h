#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace contrail::inline v0::hooks {

/// How often something took how long, in the buckets of a Prometheus histogram.
class TimeBuckets {
 public:
  /// Upper ends, in nanoseconds: closest where callbacks are. What took longer is counted in one
  /// more bucket.
  static constexpr std::array<std::int64_t, 20> ends = {
      1'000,      2'500,       5'000,       10'000,      25'000,        50'000,        100'000,
      250'000,    500'000,     1'000'000,   2'500'000,   5'000'000,     10'000'000,    25'000'000,
      50'000'000, 100'000'000, 250'000'000, 500'000'000, 1'000'000'000, 10'000'000'000};

  void add(std::int64_t nanoseconds) noexcept {
    std::size_t bucket = 0;
    while (bucket < ends.size() && nanoseconds > ends[bucket]) ++bucket;
    ++counts_[bucket];
    sum_ += nanoseconds;
  }

  std::uint64_t count_in(std::size_t bucket) const noexcept { return counts_[bucket]; }
  std::int64_t sum() const noexcept { return sum_; }

 private:
  std::array<std::uint64_t, ends.size() + 1> counts_ = {};
  std::int64_t sum_ = 0;
};

}  // namespace contrail::inline v0::hooks
