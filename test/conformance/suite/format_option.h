#pragma once

#include "test/conformance/suite/command.h"
#include "test/conformance/suite/results.h"

namespace contrail::conformance {

/// Adds --format to a command.
void add_format_option(CLI::App& options, Format& format);

}  // namespace contrail::conformance
