#include "test/conformance/suite/value.h"

namespace contrail::conformance {
namespace {

std::string join(const std::vector<std::string>& elements) {
  std::string text;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) text += ',';
    text += elements[i];
  }
  return text;
}

}  // namespace

Value::Value(const std::vector<Value>& array) {
  std::vector<std::string> elements;
  // Inside an array, undefined prints as nothing.
  for (const Value& element : array) elements.push_back(element.text_.value_or(""));
  text_ = join(elements);
}

Value::Value(const std::vector<SettledResult<Value>>& array)
    : text_(join(std::vector<std::string>(array.size(), "[object Object]"))) {}

std::string message_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

}  // namespace contrail::conformance
