#pragma once

#include <string>
#include <string_view>

#include "test/conformance/suite/scenario.h"

namespace contrail::conformance {

/// Whether hooks act on the program: then a runtime without hooks runs another one.
bool depends_on_hooks(const Scenario& scenario);

/// What of a trace a runtime can show that has AsyncLocalStorage, but neither hooks nor ids: no
/// lines of hook events, ids and executing resources, no exec=, trigger= and id= fields. What lacks
/// them already stays as it is.
std::string without_hooks(std::string_view trace, const Scenario& scenario);

}  // namespace contrail::conformance
