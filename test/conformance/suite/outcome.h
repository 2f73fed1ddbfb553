#pragma once

#include <variant>

#include "contrail/promise.h"
#include "test/conformance/suite/scenario.h"
#include "test/conformance/suite/value.h"

namespace contrail::conformance {

class Interpreter;

/// A foreign object that promises adopt: its then() performs the ops of the op `thenable`.
struct Foreign {
  using value_type = Value;
  void then(Resolver<Value> resolver) const;

  Interpreter* interpreter;
  const Op* op;
};

/// What a reaction returns: where JavaScript looks whether it is a promise, we say so.
using Outcome = std::variant<Value, Promise<Value>, Foreign>;

}  // namespace contrail::conformance
