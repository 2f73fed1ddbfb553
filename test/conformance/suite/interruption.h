#pragma once

#include <stdexcept>

namespace contrail::conformance {

/// Ctrl-C was pressed: what has been counted so far is what there is to tell.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

/// From now on Ctrl-C, and SIGTERM, only raise a flag.
void catch_interruptions();

bool is_interrupted();

}  // namespace contrail::conformance
