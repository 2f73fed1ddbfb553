#pragma once

#include <string>

#include "test/conformance/suite/command.h"
#include "test/conformance/suite/contrail_runtime.h"

namespace contrail::conformance {

/// Runs one scenario on contrail and prints its trace: the driver of contrail.
class TraceCommand : public Command {
 public:
  explicit TraceCommand(CLI::App& program);
  int run() override;

 private:
  std::string file_;
  RuntimeOptions runtime_;
};

}  // namespace contrail::conformance
