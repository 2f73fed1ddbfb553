#include "test/conformance/suite/interpreter.h"

// Foreign objects that stand for a result.

namespace contrail::conformance {

void Foreign::then(Resolver<Value> resolver) const {
  interpreter->perform_then(*op, std::move(resolver));
}

void Interpreter::thenable(const Op& op) { thenables_.define(op.name, Foreign{this, &op}); }

void Interpreter::perform_then(const Op& op, Resolver<Value> resolver) {
  resolvers_.define(op.name, std::move(resolver));
  perform(op.ops);
}

}  // namespace contrail::conformance
