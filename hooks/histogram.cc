#include "contrail/hooks/histogram.h"

#include <algorithm>
#include <cmath>

namespace contrail::inline v0::hooks {

void Histogram::add(const Histogram& other) noexcept {
  for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

double Histogram::mean() const noexcept {
  return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  if (count_ == 0) return 0;
  const double rank =
      std::ceil(std::clamp(percent, 0.0, 100.0) / 100 * static_cast<double>(count_));
  const auto wanted = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(rank), 1, count_);
  if (wanted == 1) return min_;
  if (wanted == count_) return max_;
  std::uint64_t passed = 0;
  std::size_t index = 0;
  while ((passed += buckets_[index]) < wanted) ++index;
  if (index == bucket_count - 1) return max_;
  const std::uint64_t middle = (lower_bound(index) + lower_bound(index + 1) - 1) / 2;
  return std::clamp(middle, min(), max_);
}

}  // namespace contrail::inline v0::hooks
