#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "test/conformance/suite/json_position.h"

namespace contrail::conformance {

/// An element is not what the language wants in its place.
struct InvalidElement : std::runtime_error {
  InvalidElement(const std::string& message, JsonPath place)
      : std::runtime_error(message), path(std::move(place)) {}
  JsonPath path;
};

/// A value inside a JSON document that knows the way to itself, so that complaints can say where.
/// It refers to the element it was reached through: keep that alive.
class JsonElement {
 public:
  explicit JsonElement(const nlohmann::json& document) : value_(document) {}
  JsonElement(const JsonElement&) = delete;
  JsonElement& operator=(const JsonElement&) = delete;

  bool is_null() const { return value_.is_null(); }
  bool is_string() const { return value_.is_string(); }
  bool is_object() const { return value_.is_object(); }
  std::size_t size() const { return value_.size(); }  ///< Of an array.
  JsonElement at(std::size_t index) const { return {value_.at(index), *this, index}; }
  /// Calls action(element) if the object has the key, with something else than null.
  template <class Action>
  void if_present(const std::string& key, Action action) const {
    const auto member = value_.find(key);
    if (member != value_.end() && !member->is_null()) action(JsonElement(*member, *this, key));
  }

  // `what` is the subject of the complaint if it is something else.
  std::string string(std::string_view what) const;
  long long integer(std::string_view what) const;
  bool boolean(std::string_view what) const;
  std::vector<std::string> strings(std::string_view what) const;
  void expect_array(std::string_view what) const;
  void expect_object(std::string_view what) const;

  std::size_t depth() const { return outer_ ? outer_->depth() + 1 : 0; }
  [[noreturn]] void fail(const std::string& message) const;
  [[noreturn]] void fail_type(std::string_view what, std::string_view wanted) const;

 private:
  using Step = std::variant<std::size_t, std::string>;
  JsonElement(const nlohmann::json& value, const JsonElement& outer, Step step)
      : value_(value), outer_(&outer), step_(std::move(step)) {}

  const nlohmann::json& value_;
  const JsonElement* outer_ = nullptr;
  Step step_;
};

}  // namespace contrail::conformance
