#pragma once

#include <cstdint>
#include <string>

#include "test/conformance/suite/generator/builder.h"

namespace contrail::conformance::generator {

/// A random scenario that runs the same way every time; the seed says which.
Json generate(std::uint64_t seed, const std::string& profile);

/// As text: one op of main a line, which is short and still shows what changed between two of them.
std::string text_of(const Json& scenario);

}  // namespace contrail::conformance::generator
