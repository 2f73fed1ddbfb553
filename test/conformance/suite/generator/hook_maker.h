#pragma once

#include "test/conformance/suite/generator/builder.h"

namespace contrail::conformance::generator {

/// The hooks of a scenario, and the ops that enable them at its start.
struct MadeHooks {
  Json hooks = Json::array();
  Json opening = Json::array();
};

MadeHooks make_hooks(Builder& builder);

}  // namespace contrail::conformance::generator
