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
#include "contrail/cancellation.h"
#include "contrail/detail/event.h"
#include "contrail/error.h"
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

CONTRAIL_API std::uint64_t next_listener_number() noexcept;
CONTRAIL_API void warn_of_listeners(std::string_view event, std::size_t count, std::size_t max);
[[noreturn]] CONTRAIL_API void throw_no_listener();

}  // namespace detail

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
  auto next(std::stop_token stop, CreationSite site) {
    using T = typename Named<event>::Arguments;
    if (stop.stop_requested()) {
      return Promise<T>::reject(Error(canceled, "next", std::string(event.view())), site);
    }
    auto [promise, resolver] = Promise<T>::with_resolver(site);
    const auto wait = std::make_shared<Next<event>>(*this, std::move(resolver));
    state_of(promise)->settled_by(wait.get());
    auto settle = [wait](const auto&... args) { wait->settle(args...); };
    add<event>(std::move(settle), true, false, wait->on_event.number_);
    if constexpr (has_error && event.view() != "error") {
      auto fail = [wait](const auto&... args) { wait->fail(error_of(args...)); };
      add<"error">(std::move(fail), true, false, wait->on_error.number_);
    }
    if (stop.stop_possible()) {
      cancel_on_stop(*state_of(promise), std::move(stop), "next", std::string(event.view()));
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

  static constexpr bool has_error = index_of("error") < event_count;

  /// A next() that waits; its listeners own it.
  template <EventName event>
  struct Next final : Cancellable, std::enable_shared_from_this<Next<event>> {
    using T = typename Named<event>::Arguments;

    Next(EmitterState& its_emitter, Resolver<T> its_resolver)
        : emitter(its_emitter), resolver(std::move(its_resolver)) {}

    template <class... Args>
    void settle(const Args&... args) {
      emitter.remove(on_error);
      if constexpr (std::is_void_v<T>) {
        resolver.resolve();
      } else {
        resolver.resolve(T(args...));
      }
    }
    void fail(std::exception_ptr error) {
      emitter.remove(on_event);
      resolver.reject(std::move(error));
    }
    bool cancel() noexcept override {
      const auto kept = this->shared_from_this();
      const auto emitter_kept = Ref<EmitterState>::share(&emitter);
      try {
        emitter.remove(on_event);
        emitter.remove(on_error);
        resolver.reject(Error(canceled, "next", std::string(event.view())));
      } catch (...) {
        resolver.reject(std::current_exception());  // By who listens to removeListener.
      }
      return true;
    }

    EmitterState& emitter;
    Resolver<T> resolver;
    const Listener on_event{next_listener_number()};
    const Listener on_error{next_listener_number()};
  };
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
