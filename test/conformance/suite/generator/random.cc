#include "test/conformance/suite/generator/random.h"

#include <cmath>

namespace contrail::conformance::generator {

// FNV-1a spreads neighbouring seeds far apart.
Random::Random(std::string_view seed) {
  for (const char c : seed) state_ = (state_ ^ static_cast<unsigned char>(c)) * 16777619U;
}

double Random::fraction() {
  state_ += 0x6D2B79F5U;
  std::uint32_t mixed = (state_ ^ (state_ >> 15)) * (1U | state_);
  mixed = (mixed + (mixed ^ (mixed >> 7)) * (61U | mixed)) ^ mixed;
  return (mixed ^ (mixed >> 14)) / 4294967296.0;
}

int Random::integer(int low, int high) {
  return low + static_cast<int>(std::floor(fraction() * (high - low + 1)));
}

const std::string& Random::weighted(const Weights& weights) {
  double sum = 0;
  for (const auto& [name, weight] : weights) sum += weight;
  double rest = fraction() * sum;
  for (const auto& [name, weight] : weights) {
    rest -= weight;
    if (rest < 0) return name;
  }
  return weights.back().first;
}

std::vector<std::string> Random::subset(const std::vector<std::string>& list, double probability) {
  std::vector<std::string> chosen;
  for (const std::string& each : list) {
    if (chance(probability)) chosen.push_back(each);
  }
  return chosen;
}

}  // namespace contrail::conformance::generator
