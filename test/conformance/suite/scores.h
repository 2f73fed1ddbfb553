#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "test/conformance/suite/comparison.h"

namespace contrail::conformance {

/// A scenario in which a runtime differs.
struct Example {
  std::string name;
  std::string about;
  std::string scenario;  ///< Its text.
  std::string account;   ///< Both traces.
};

/// How a runtime does in one topic.
struct Score {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::optional<Example> shortest;  ///< Of those that failed.

  std::size_t total() const { return passed + failed; }
  void add(const Result& result, const RecordedScenario& scenario);
  Score& operator+=(const Score& other);
};

/// How a runtime does, by topic.
struct RuntimeScores {
  using Topics = std::map<std::string, Score>;

  std::string name;
  Topics everything;  ///< Hook events, ids and stores.
  Topics als_only;    ///< Stores alone.

  const Topics& of(Extent extent) const {
    return extent == Extent::everything ? everything : als_only;
  }
};

Score sum_of(const RuntimeScores::Topics& topics);

}  // namespace contrail::conformance
