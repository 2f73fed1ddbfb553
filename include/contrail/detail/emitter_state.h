#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/detail/listener_list.h"
#include "contrail/promise.h"

namespace contrail::inline v0 {

namespace detail {
template <class... Events>
struct EmitterState;
}

/// A ticket for a listener: what EventEmitter::off() takes. Dropping it removes nothing; a
/// default-constructed one is for none.
class Listener {
 public:
  Listener() noexcept = default;
  friend bool operator==(Listener, Listener) noexcept = default;

 private:
  template <class... Events>
  friend struct detail::EmitterState;
  explicit Listener(std::uint64_t number) noexcept : number_(number) {}
  std::uint64_t number_ = 0;  ///< No two on one thread have the same.
};

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

CONTRAIL_API std::uint64_t next_listener_number() noexcept;
CONTRAIL_API void warn_of_listeners(std::string_view event, std::size_t count, std::size_t max);
[[noreturn]] CONTRAIL_API void throw_no_listener();

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

namespace detail {

/// The pinned half of an EventEmitter. Whoever calls it holds a reference: listeners may destroy
/// the emitter.
template <class... Events>
struct EmitterState {
  using Added = Event<"newListener", std::string_view, Listener>;
  using Removed = Event<"removeListener", std::string_view, Listener>;
  using All = std::tuple<Added, Events..., Removed>;
  static constexpr std::size_t event_count = sizeof...(Events) + 2;
  static constexpr std::array<std::string_view, event_count> names = {Added::name, Events::name...,
                                                                      Removed::name};
  static constexpr std::size_t index_of(std::string_view name) {
    return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  }
  template <EventName event>
  static constexpr std::size_t index = index_of(event.view());
  template <EventName event>
  using Named = std::tuple_element_t<index<event>, All>;

  template <EventName event>
  auto& list() noexcept {
    return std::get<index<event>>(lists);
  }

  template <EventName event, class... Given>
  bool emit(Given&&... given) {
    if (!resource) return emit_here<event>(std::forward<Given>(given)...);
    return resource->run_in_async_scope(
        [&] { return emit_here<event>(std::forward<Given>(given)...); });
  }

  template <EventName event>
  Listener add(typename Named<event>::Callback fn, bool once, bool front,
               std::uint64_t number = next_listener_number()) {
    if (!fn) throw_no_listener();
    tell<"newListener">(event.view(), number);
    auto& there = list<event>();
    there.add({std::move(fn), number, once}, front);
    newest = std::max(newest, number);  // Those that hear of a new one may have added others.
    if (listeners_max > 0 && there.size() > listeners_max && !std::exchange(there.warned, true)) {
      warn_of_listeners(event.view(), there.size(), listeners_max);
    }
    return Listener(number);
  }

  bool remove(Listener listener) {
    return remove_at(listener.number_, std::make_index_sequence<event_count>());
  }

  template <std::size_t at>
  void remove_all_of() {
    auto& there = std::get<at>(lists);
    while (there.last() != 0) remove_from<at>(there.last());
  }
  void remove_all() {
    constexpr std::size_t last = event_count - 1;
    static_assert(names[last] == "removeListener");
    remove_all_before(std::make_index_sequence<last>());
    auto& told = std::get<last>(lists);
    while (told.last() != 0) told.remove(told.last());
  }

  /// For next(): the first of the event and an error decides.
  template <EventName event>
  auto next() {
    auto [promise, resolver] = Promise<typename Named<event>::Arguments>::with_resolver();
    if constexpr (event.view() == "error" || index_of("error") == event_count) {
      auto settle = [resolver = std::move(resolver)](const auto&... args) mutable {
        resolve(resolver, args...);
      };
      add<event>(std::move(settle), true, false);
    } else {
      next_or_error<event>(std::move(resolver));
    }
    return std::move(promise);
  }

  std::vector<std::string_view> names_in_use() const {
    std::vector<std::string_view> used;
    add_names_in_use(used, std::make_index_sequence<event_count>());
    return used;
  }

  /// The emitter is gone.
  void close() noexcept {
    std::apply([](auto&... each) { (each.close(), ...); }, lists);
    resource.reset();
  }

  std::uint32_t refs = 1;
  std::uint64_t newest = 0;  ///< The number of the listener that was added last.
  std::size_t listeners_max = 10;
  std::optional<AsyncResource> resource;
  std::tuple<typename Added::List, typename Events::List..., typename Removed::List> lists;

 private:
  template <EventName event, class... Given>
  bool emit_here(Given&&... given) {
    auto& there = list<event>();
    if (there.size() == 0) {
      if constexpr (event.view() == "error") std::rethrow_exception(error_of(given...));
      return false;
    }
    const auto on_removed = [this](std::uint64_t number) {
      tell<"removeListener">(event.view(), number);
    };
    there.call(newest, on_removed, std::forward<Given>(given)...);
    return true;
  }

  template <EventName event>
  void tell(std::string_view name, std::uint64_t number) {
    if (list<event>().size() > 0) emit<event>(name, Listener(number));
  }

  template <std::size_t at>
  bool remove_from(std::uint64_t number) {
    if (!std::get<at>(lists).remove(number)) return false;
    tell<"removeListener">(names[at], number);
    return true;
  }
  template <std::size_t... at>
  bool remove_at(std::uint64_t number, std::index_sequence<at...>) {
    return (remove_from<at>(number) || ...);
  }
  template <std::size_t... at>
  void remove_all_before(std::index_sequence<at...>) {
    (remove_all_of<at>(), ...);
  }
  template <std::size_t... at>
  void add_names_in_use(std::vector<std::string_view>& used, std::index_sequence<at...>) const {
    ((std::get<at>(lists).size() > 0 ? used.push_back(names[at]) : void()), ...);
  }

  template <class T, class... Args>
  static void resolve(Resolver<T>& resolver, const Args&... args) {
    if constexpr (std::is_void_v<T>) {
      resolver.resolve();
    } else {
      resolver.resolve(T(args...));
    }
  }

  template <EventName event, class T>
  void next_or_error(Resolver<T> resolver) {
    const auto shared = std::make_shared<Resolver<T>>(std::move(resolver));
    const Listener on_event(next_listener_number());
    const Listener on_error(next_listener_number());
    auto settle = [this, shared, on_error](const auto&... args) {
      remove(on_error);
      resolve(*shared, args...);
    };
    auto fail = [this, shared, on_event](const auto&... args) {
      remove(on_event);
      shared->reject(error_of(args...));
    };
    add<event>(std::move(settle), true, false, on_event.number_);
    add<"error">(std::move(fail), true, false, on_error.number_);
  }
};

template <class... Events>
void retain(EmitterState<Events...>* state) noexcept {
  ++state->refs;
}
template <class... Events>
void release(EmitterState<Events...>* state) noexcept {
  if (--state->refs == 0) delete state;
}

}  // namespace detail
}  // namespace contrail::inline v0
