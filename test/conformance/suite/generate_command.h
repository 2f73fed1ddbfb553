#pragma once

#include <string>

#include "test/conformance/suite/command.h"
#include "test/conformance/suite/generator_options.h"

namespace contrail::conformance {

/// Writes random scenarios.
class GenerateCommand : public Command {
 public:
  explicit GenerateCommand(CLI::App& program);
  int run() override;

 private:
  GeneratorOptions generator_;
  std::string folder_;
};

}  // namespace contrail::conformance
