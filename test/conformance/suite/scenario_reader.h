#pragma once

#include <stdexcept>
#include <string_view>

#include "test/conformance/suite/scenario.h"

namespace contrail::conformance {

/// The text is not JSON, or no scenario. The message says where: "NAME:line:column: what is wrong".
struct InvalidScenario : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws InvalidScenario, which calls the text by the name given.
Scenario parse_scenario(std::string_view text, std::string_view name);

}  // namespace contrail::conformance
