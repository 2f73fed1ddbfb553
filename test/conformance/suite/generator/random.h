#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace contrail::conformance::generator {

/// How often each is drawn, in an order that counts: what is drawn depends on it.
using Weights = std::vector<std::pair<std::string, double>>;

/// A small deterministic random source (mulberry32): one seed gives one scenario everywhere.
class Random {
 public:
  explicit Random(std::string_view seed);

  double fraction();               ///< From 0 up to, but not including, 1.
  int integer(int low, int high);  ///< Both included.
  bool chance(double probability) { return fraction() < probability; }
  template <class T>
  const T& pick(const std::vector<T>& list) {
    return list[static_cast<std::size_t>(integer(0, static_cast<int>(list.size()) - 1))];
  }
  const std::string& weighted(const Weights& weights);
  std::vector<std::string> subset(const std::vector<std::string>& list, double probability);

 private:
  std::uint32_t state_ = 2166136261U;
};

}  // namespace contrail::conformance::generator
