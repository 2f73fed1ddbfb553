#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <exception>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>

#include "contrail/detail/listener_list.h"

namespace contrail::inline v0 {

namespace detail {

/// A string literal as a template argument.
template <std::size_t size>
struct EventName {
  consteval EventName(const char (&text)[size]) { std::copy_n(text, size, characters); }
  constexpr std::string_view view() const noexcept { return {characters, size - 1}; }

  char characters[size];
};

/// How an argument reaches listeners, of whom each gets the same: numbers as they are, references
/// as what they are, objects by const reference.
template <class T>
using Heard = std::conditional_t<std::is_scalar_v<T> || std::is_reference_v<T>, T, const T&>;

/// What is left of an argument when the listener has returned.
template <class T>
struct KeptArgument {
  using type = std::remove_cvref_t<T>;
};
template <class T>
requires(std::same_as<std::remove_cvref_t<T>, std::string_view>) struct KeptArgument<T> {
  using type = std::string;
};

template <class... Args>
struct KeptArguments {
  using type = std::tuple<typename KeptArgument<Args>::type...>;
};
template <class T>
struct KeptArguments<T> : KeptArgument<T> {};
template <>
struct KeptArguments<> {
  using type = void;
};

/// What an `error` event is when nobody listens to it.
template <class... Args>
std::exception_ptr error_of(const Args&... args) {
  if constexpr (sizeof...(Args) == 1) {
    const auto& error = std::get<0>(std::tie(args...));
    using Given = std::remove_cvref_t<decltype(error)>;
    if constexpr (std::is_same_v<Given, std::exception_ptr>) {
      if (error) return error;
    } else if constexpr (std::derived_from<Given, std::exception>) {
      return std::make_exception_ptr(error);
    } else if constexpr (std::convertible_to<const Given&, std::string_view>) {
      const std::string text(static_cast<std::string_view>(error));
      return std::make_exception_ptr(std::runtime_error("Unhandled error. (" + text + ")"));
    }
  }
  return std::make_exception_ptr(std::runtime_error("Unhandled error."));
}

}  // namespace detail

/// One event of an EventEmitter: its name, and what listeners are told.
template <detail::EventName event, class... Args>
struct Event {
  static_assert((!std::is_rvalue_reference_v<Args> && ...),
                "Event: there may be more than one listener to move from it");

  static constexpr std::string_view name = event.view();
  using List = detail::ListenerList<detail::Heard<Args>...>;
  using Callback = typename List::Listener;
  /// What a promise for the event is fulfilled with: nothing, the one argument, or a tuple.
  using Arguments = typename detail::KeptArguments<Args...>::type;
  static constexpr bool can_be_kept =
      ((std::is_same_v<std::remove_cvref_t<Args>, std::string_view> ||
        !std::ranges::view<std::remove_cvref_t<Args>>)&&...);
};

}  // namespace contrail::inline v0
