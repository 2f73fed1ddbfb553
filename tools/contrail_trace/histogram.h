#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace contrail::trace {

/// How durations are distributed, in fixed memory: a percentile is right within 4 %.
class Histogram {
 public:
  void add(std::int64_t duration) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(duration, 0));
    ++counts_[index_of(value)];
    ++count_;
    total_ += value;
    max_ = std::max(max_, value);
  }

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t total() const noexcept { return total_; }
  std::uint64_t max() const noexcept { return max_; }

  /// That `fraction` of the durations are no longer than, or 0 if there are none.
  std::uint64_t percentile(double fraction) const {
    const auto wanted = static_cast<std::uint64_t>(fraction * static_cast<double>(count_));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted || (seen == count_ && count_ > 0)) return std::min(max_, middle_of(i));
    }
    return 0;
  }

 private:
  // Each power of two is cut into 16; the first 16 numbers have a place of their own.
  static constexpr unsigned cut_bits = 4;
  static constexpr std::uint64_t cuts = 1 << cut_bits;

  static std::size_t index_of(std::uint64_t value) {
    if (value < cuts) return value;
    const auto power = static_cast<unsigned>(std::bit_width(value)) - 1 - cut_bits;
    return (power + 1) * cuts + (value >> power) - cuts;
  }
  static std::uint64_t middle_of(std::size_t index) {
    if (index < cuts) return index;
    const std::size_t power = index / cuts - 1;
    const std::uint64_t begin = (cuts + index % cuts) << power;
    return begin + ((std::uint64_t{1} << power) >> 1);
  }

  std::array<std::uint32_t, 60 * cuts + cuts> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace contrail::trace
