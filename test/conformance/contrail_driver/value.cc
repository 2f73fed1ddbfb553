#include "test/conformance/contrail_driver/value.h"

#include <exception>

namespace contrail::conformance {

Value::Value(const std::vector<SettledResult<Value>>& results) {
  Value object;
  object.content_ = Object{};
  content_ = std::vector<Value>(results.size(), object);
}

std::string Value::text() const {
  if (const auto* integer = std::get_if<long long>(&content_)) return std::to_string(*integer);
  if (std::holds_alternative<Object>(content_)) return "[object Object]";
  const auto* array = std::get_if<std::vector<Value>>(&content_);
  if (!array) return "undefined";
  std::string text;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const Value& element = (*array)[i];
    if (i > 0) text += ',';
    // Inside an array, undefined prints as nothing.
    if (!std::holds_alternative<std::monostate>(element.content_)) text += element.text();
  }
  return text;
}

std::string message_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

}  // namespace contrail::conformance
