#include "contrail/hooks/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace contrail {
namespace {

using hooks::Histogram;

TEST(Histogram, of_nothing_is_zero) {
  const Histogram empty;
  EXPECT_EQ(empty.count(), 0u);
  EXPECT_EQ(empty.min(), 0u);
  EXPECT_EQ(empty.max(), 0u);
  EXPECT_EQ(empty.mean(), 0);
  EXPECT_EQ(empty.percentile(99), 0u);
}

TEST(Histogram, knows_small_values_exactly) {
  Histogram histogram;
  for (std::uint64_t value = 1; value <= 50; ++value) histogram.record(value);
  EXPECT_EQ(histogram.percentile(0), 1u);
  EXPECT_EQ(histogram.percentile(50), 25u);
  EXPECT_EQ(histogram.percentile(98), 49u);
  EXPECT_EQ(histogram.percentile(100), 50u);
  EXPECT_EQ(histogram.mean(), 25.5);
}

/// From nanoseconds to an hour, as many of each size.
std::vector<std::uint64_t> any_sizes(std::size_t count) {
  std::mt19937_64 random(4711);
  std::uniform_real_distribution<double> power(0, 41.9);
  std::vector<std::uint64_t> values(count);
  for (auto& value : values) value = static_cast<std::uint64_t>(std::exp2(power(random)));
  return values;
}

TEST(Histogram, is_right_about_percentiles_to_within_its_precision) {
  std::vector<std::uint64_t> values = any_sizes(100'000);
  Histogram histogram;
  for (const std::uint64_t value : values) histogram.record(value);
  std::sort(values.begin(), values.end());
  for (const double percent : {0.1, 1.0, 10.0, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99, 100.0}) {
    const auto rank = static_cast<std::size_t>(std::ceil(percent * 1000)) - 1;
    const auto exact = static_cast<double>(values[rank]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(percent)), exact, exact / 64 + 1e-9);
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(Histogram, has_every_value_in_the_bucket_that_its_bounds_say) {
  for (const std::uint64_t value : any_sizes(10'000)) {
    Histogram histogram;
    histogram.record(value);
    std::size_t index = 0;
    while (histogram[index] == 0) ++index;
    EXPECT_LE(Histogram::lower_bound(index), value);
    EXPECT_GT(Histogram::lower_bound(index + 1), value);
  }
}

TEST(Histogram, keeps_what_is_too_large_in_its_last_bucket) {
  Histogram histogram;
  const auto most = std::numeric_limits<std::uint64_t>::max();
  histogram.record(most);
  EXPECT_EQ(histogram[Histogram::size() - 1], 1u);
  EXPECT_EQ(histogram.percentile(50), most);
}

TEST(Histogram, of_two_is_that_of_all_their_values) {
  Histogram one, two, both;
  for (std::uint64_t value = 0; value < 1000; ++value) {
    (value % 3 ? one : two).record(value * value);
    both.record(value * value);
  }
  one.add(two);
  EXPECT_EQ(one.count(), both.count());
  EXPECT_EQ(one.sum(), both.sum());
  EXPECT_EQ(one.min(), both.min());
  EXPECT_EQ(one.percentile(75), both.percentile(75));
  one.clear();
  EXPECT_EQ(one.count(), 0u);
}

}  // namespace
}  // namespace contrail
