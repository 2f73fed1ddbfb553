#pragma once

#include <vector>

#include "test/conformance/suite/generator/builder.h"

namespace contrail::conformance {

using generator::Json;

/// The scenarios that come from one by leaving something out; bolder cuts first.
std::vector<Json> smaller_than(const Json& scenario);

/// Makes a scenario smaller as long as still_differs(smaller) says that it still differs.
template <class StillDiffers>
Json shrink(Json scenario, StillDiffers still_differs) {
  constexpr int attempts_max = 600;
  int attempts = 0;
  bool has_progressed = true;
  while (has_progressed) {
    has_progressed = false;
    for (Json& smaller : smaller_than(scenario)) {
      if (attempts++ >= attempts_max) return scenario;
      if (!still_differs(smaller)) continue;
      scenario = std::move(smaller);
      has_progressed = true;
      break;
    }
  }
  return scenario;
}

}  // namespace contrail::conformance
