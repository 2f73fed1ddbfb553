#pragma once

#include <string>

#include "test/conformance/suite/scenario.h"

namespace contrail::conformance {

struct RuntimeOptions {
  /// Also the destroy events that in JavaScript wait for the garbage collector.
  bool prints_collected = false;
  /// Timers by the system's clock. On the fake one a scenario takes no time, and no deadline slips
  /// however busy the machine is.
  bool real_time = false;
};

/// Runs the scenario on contrail, in this process, and returns its trace. Throws what leaves
/// Loop::run(), such as the fake clock's refusal of a scenario that never ends.
std::string run_on_contrail(const Scenario& scenario, RuntimeOptions options);

}  // namespace contrail::conformance
