#pragma once

#include <cstdint>
#include <string>

#include "test/conformance/suite/command.h"

namespace contrail::conformance {

/// Seeds, both ends included.
struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;

  std::uint64_t count() const { return last - first + 1; }
};

/// What is generated: --seeds and --profile.
struct GeneratorOptions {
  void add_to(CLI::App& options);

  SeedRange seeds;
  std::string profile = "all";
};

}  // namespace contrail::conformance
