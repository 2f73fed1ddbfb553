#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "contrail/detail/export.h"

namespace contrail::inline v0::hooks {

/// How often which value came, to within 1.6 %, in 10 KB, whatever is recorded: up to 64 exact
/// values, then 32 buckets for each power of two, as in HdrHistogram. From 2^42 on (73 minutes of
/// nanoseconds) values share the last bucket. Used by one thread at a time.
class CONTRAIL_API Histogram {
 public:
  void record(std::uint64_t value) noexcept { add(value, 1); }
  void add(std::uint64_t value, std::uint64_t times) noexcept {
    buckets_[bucket_of(value)] += times;
    count_ += times;
    sum_ += value * times;
    if (value < min_) min_ = value;
    if (value > max_) max_ = value;
  }
  void add(const Histogram& other) noexcept;
  void clear() noexcept { *this = Histogram(); }

  std::uint64_t count() const noexcept { return count_; }
  std::uint64_t sum() const noexcept { return sum_; }                    ///< Exact.
  std::uint64_t min() const noexcept { return count_ == 0 ? 0 : min_; }  ///< Exact.
  std::uint64_t max() const noexcept { return max_; }                    ///< Exact.
  double mean() const noexcept;                                          ///< Exact.
  /// A value that this share of all (0 to 100) does not exceed, to within 1.6 %. 0 of none.
  std::uint64_t percentile(double percent) const noexcept;

  /// For those who show all of it: bucket `index` holds values from here to below the next one's.
  static constexpr std::size_t size() noexcept { return bucket_count; }
  static std::uint64_t lower_bound(std::size_t index) noexcept {
    if (index < 2 * per_power) return index;
    const std::size_t power = index / per_power - 1;
    return (index % per_power + per_power) << power;
  }
  std::uint64_t operator[](std::size_t index) const noexcept { return buckets_[index]; }

 private:
  static constexpr unsigned precision_bits = 5;
  static constexpr std::uint64_t per_power = 1u << precision_bits;
  static constexpr unsigned value_bits = 42;
  static constexpr std::size_t bucket_count = (value_bits - precision_bits + 1) * per_power;

  static std::size_t bucket_of(std::uint64_t value) noexcept {
    if (value < 2 * per_power) return value;
    if (value >> value_bits) return bucket_count - 1;
    const unsigned power = static_cast<unsigned>(std::bit_width(value)) - precision_bits - 1;
    return (power + 1) * per_power + (value >> power) - per_power;
  }

  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ = 0;
  std::uint64_t min_ = ~std::uint64_t{0};
  std::uint64_t max_ = 0;
};

}  // namespace contrail::inline v0::hooks
