#pragma once

#include <string>
#include <vector>

#include "test/conformance/suite/command.h"
#include "test/conformance/suite/comparison.h"
#include "test/conformance/suite/contrail_runtime.h"
#include "test/conformance/suite/results.h"
#include "test/conformance/suite/runtime.h"
#include "test/conformance/suite/scenario_files.h"

namespace contrail::conformance {

/// Compares a runtime's traces with the recorded ones.
class CheckCommand : public Command {
 public:
  explicit CheckCommand(CLI::App& program);
  int run() override;

 private:
  Result check(const ScenarioFile& file, const Runtime& runtime) const;
  Result compare(const RecordedScenario& scenario, const Runtime& runtime) const;
  void report(const Results& results) const;

  std::vector<std::string> places_;
  std::string driver_;
  bool als_only_ = false;
  RuntimeOptions contrail_;
  Format format_ = Format::text;
};

}  // namespace contrail::conformance
