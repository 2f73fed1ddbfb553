#pragma once

#include <memory>
#include <string>
#include <vector>

#include "test/conformance/suite/command.h"
#include "test/conformance/suite/comparison.h"
#include "test/conformance/suite/scores.h"

namespace contrail::conformance {

/// Compares several runtimes with the recorded traces and writes a page about it.
class ReportCommand : public Command {
 public:
  explicit ReportCommand(CLI::App& program);
  int run() override;

 private:
  /// One that can be run, and how the report calls it.
  struct Column {
    std::string name;
    std::unique_ptr<Runtime> runtime;
    int attempts;
  };

  std::vector<Column> columns(const RecordedScenario& trial) const;
  void write(const std::vector<RuntimeScores>& scores) const;

  std::vector<std::string> places_;
  std::vector<std::string> runtimes_;
  std::string page_ = "-";
  std::string picture_;
};

}  // namespace contrail::conformance
