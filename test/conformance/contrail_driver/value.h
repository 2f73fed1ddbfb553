#pragma once

#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "contrail/promise_combinators.h"

namespace contrail::conformance {

/// What promises promise in a scenario: undefined, an integer, an array, or an object.
class Value {
 public:
  Value() = default;
  Value(long long integer) : content_(integer) {}
  Value(std::vector<Value> array) : content_(std::move(array)) {}
  Value(const std::vector<SettledResult<Value>>& results);

  /// As a template literal of JavaScript prints it.
  std::string text() const;

 private:
  struct Object {};
  std::variant<std::monostate, long long, std::vector<Value>, Object> content_;
};

/// What a reaction returns: where JavaScript looks whether it is a promise, we say so.
using Outcome = std::variant<Value, Promise<Value>>;

/// What the op `throw` throws, and what rejects promises.
struct ScenarioError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string message_of(std::exception_ptr error);

}  // namespace contrail::conformance
