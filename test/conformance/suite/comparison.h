#pragma once

#include <functional>
#include <string>

#include "test/conformance/suite/children.h"
#include "test/conformance/suite/results.h"
#include "test/conformance/suite/runtime.h"
#include "test/conformance/suite/scenario.h"
#include "test/conformance/suite/scenario_files.h"

namespace contrail::conformance {

/// How much of a trace counts.
enum class Extent {
  everything,  ///< Hook events and ids too.
  als_only,    ///< What a runtime can show that has AsyncLocalStorage but no hooks.
};

/// A scenario and the trace that Node left of it.
class RecordedScenario {
 public:
  /// Reads both. Throws InvalidScenario or BadInput.
  explicit RecordedScenario(ScenarioFile file);

  const ScenarioFile& file() const { return file_; }
  const std::string& text() const { return text_; }
  /// Passed, failed or skipped, with an account.
  Result judge(const Run& run, const Runtime& runtime, Extent extent) const;

 private:
  std::string shown(const std::string& trace, Extent extent) const;

  ScenarioFile file_;
  std::string text_;
  Scenario scenario_;  ///< Ahead of the trace: what a broken one lacks is not its trace.
  std::string recorded_;
};

/// By the system's clock a deadline slips now and then, which proves nothing; what differs every
/// time is a difference.
inline constexpr int attempts_in_real_time = 3;

/// Runs it up to so many times, until `is_enough` says yes. Throws Interrupted.
void run_until(const std::function<bool(const Run&)>& is_enough, const RecordedScenario& scenario,
               const Runtime& runtime, int attempts);

}  // namespace contrail::conformance
