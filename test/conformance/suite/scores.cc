#include "test/conformance/suite/scores.h"

namespace contrail::conformance {

void Score::add(const Result& result, const RecordedScenario& scenario) {
  if (result.verdict == Verdict::skipped) return;
  if (result.verdict == Verdict::passed) {
    ++passed;
    return;
  }
  ++failed;
  if (!shortest || scenario.text().size() < shortest->scenario.size()) {
    shortest = {result.name, result.about, scenario.text(), result.account};
  }
}

Score& Score::operator+=(const Score& other) {
  passed += other.passed;
  failed += other.failed;
  return *this;
}

Score sum_of(const RuntimeScores::Topics& topics) {
  Score sum;
  for (const auto& [topic, score] : topics) sum += score;
  return sum;
}

}  // namespace contrail::conformance
