#pragma once

#include <string>

#include "test/conformance/suite/command.h"
#include "test/conformance/suite/contrail_runtime.h"
#include "test/conformance/suite/fuzzer.h"
#include "test/conformance/suite/generator_options.h"
#include "test/conformance/suite/results.h"
#include "test/conformance/suite/runtime.h"

namespace contrail::conformance {

/// Compares two runtimes on random scenarios, and shrinks what differs.
class FuzzCommand : public Command {
 public:
  explicit FuzzCommand(CLI::App& program);
  int run() override;

 private:
  void compare_all(Fuzzer& fuzzer, Results& results) const;
  Result examine(Fuzzer& fuzzer, const Fuzzer::Finished& suspect) const;
  std::string explain(Fuzzer& fuzzer, const Fuzzer::Finished& suspect, const Traces& traces) const;
  void keep(std::uint64_t seed, const std::string& scenario, const Traces& traces) const;
  std::string name_of_candidate() const { return candidate_.empty() ? "contrail" : candidate_; }

  GeneratorOptions generator_;
  std::string reference_;
  std::string candidate_;
  unsigned jobs_ = 1;
  std::string folder_;
  std::string cache_;
  RuntimeOptions contrail_;
  Format format_ = Format::text;
};

}  // namespace contrail::conformance
