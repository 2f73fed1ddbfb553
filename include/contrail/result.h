#pragma once

#include <exception>
#include <utility>
#include <variant>

#include "contrail/error.h"
#include "contrail/function.h"

namespace contrail::inline v0 {

/// How an operation ended: a value or an Error. Callbacks receive one.
///
///     fs::read_file(path, [](Result<std::string> text) {
///       if (!text) return log(text.error().what());
///       use(*text);
///     });
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const noexcept { return state_.index() == 0; }
  /// Why there is no value. Throws std::bad_variant_access if there is one.
  const Error& error() const { return std::get<1>(state_); }

  /// The value; throws the Error if there is none.
  T& value() & { return check(), std::get<0>(state_); }
  const T& value() const& { return check(), std::get<0>(state_); }
  T&& value() && { return check(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

 private:
  void check() const {
    if (auto* error = std::get_if<1>(&state_)) throw *error;
  }
  std::variant<T, Error> state_;
};

/// The same without a value: done, or an Error.
template <>
class [[nodiscard]] Result<void> : public Result<std::monostate> {
 public:
  Result() : Result<std::monostate>(std::monostate{}) {}
  Result(Error error) : Result<std::monostate>(std::move(error)) {}
};

/// What an operation that takes a callback calls, exactly once.
template <class T>
using Callback = Function<void(Result<T>)>;

}  // namespace contrail::inline v0
