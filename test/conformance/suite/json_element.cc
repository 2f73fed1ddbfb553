#include "test/conformance/suite/json_element.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace contrail::conformance {
namespace {

std::string_view name_of_type(const nlohmann::json& value) {
  if (value.is_string()) return "a string";
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  if (value.is_boolean()) return "a boolean";
  if (value.is_null()) return "null";
  return value.is_number_integer() ? "an integer" : "a fraction";
}

}  // namespace

std::string JsonElement::string(std::string_view what) const {
  if (!value_.is_string()) fail_type(what, "a string");
  return value_.get<std::string>();
}

long long JsonElement::integer(std::string_view what) const {
  if (!value_.is_number()) fail_type(what, "an integer");
  // What JavaScript can count. Beyond, runtimes would print different numbers.
  constexpr double max = (1LL << 53) - 1;
  const double number = value_.get<double>();
  if (std::abs(number) > max) fail(fmt::format("{} is too big: at most {:.0f} counts", what, max));
  if (!value_.is_number_integer()) fail_type(what, "an integer");
  return value_.get<long long>();
}

bool JsonElement::boolean(std::string_view what) const {
  if (!value_.is_boolean()) fail_type(what, "true or false");
  return value_.get<bool>();
}

std::vector<std::string> JsonElement::strings(std::string_view what) const {
  expect_array(what);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < size(); ++i) all.push_back(at(i).string("a name"));
  return all;
}

void JsonElement::expect_array(std::string_view what) const {
  if (!value_.is_array()) fail_type(what, "an array");
}

void JsonElement::expect_object(std::string_view what) const {
  if (!value_.is_object()) fail_type(what, "an object");
}

void JsonElement::fail(const std::string& message) const {
  JsonPath path;
  for (const JsonElement* element = this; element->outer_; element = element->outer_) {
    path.push_back(element->step_);
  }
  std::reverse(path.begin(), path.end());
  throw InvalidElement(message, std::move(path));
}

void JsonElement::fail_type(std::string_view what, std::string_view wanted) const {
  fail(fmt::format("{} must be {}, not {}", what, wanted, name_of_type(value_)));
}

}  // namespace contrail::conformance
