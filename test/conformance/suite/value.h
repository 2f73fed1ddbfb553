#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "contrail/promise_combinators.h"

namespace contrail::conformance {

/// What promises promise in a scenario. All that is ever done with a value is to print it.
class Value {
 public:
  Value() = default;  ///< undefined
  Value(long long integer) : text_(std::to_string(integer)) {}
  Value(const std::vector<Value>& array);
  Value(const std::vector<SettledResult<Value>>& array);

  /// As a template literal of JavaScript prints it.
  std::string text() const { return text_.value_or("undefined"); }

 private:
  std::optional<std::string> text_;
};

/// What the op `throw` throws, and what rejects promises.
struct ScenarioError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

std::string message_of(std::exception_ptr error);

}  // namespace contrail::conformance
