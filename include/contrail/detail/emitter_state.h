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

  using Lists = std::tuple<typename Added::List, typename Events::List..., typename Removed::List>;
  /// Of a listener.
  template <std::size_t at>
  using Place = typename std::tuple_element_t<at, Lists>::Place;

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
  Listener add(typename Named<event>::Callback fn, bool once, bool front) {
    return Listener(place_of_new<event>(std::move(fn), once, front)->number);
  }

  bool remove(Listener listener) {
    return remove_at(listener.number_, std::make_index_sequence<event_count>());
  }

  template <std::size_t at>
  void remove_all_of() {
    auto& there = std::get<at>(lists);
    while (const auto last = there.last()) remove_from<at>(*last);
  }
  void remove_all() {
    constexpr std::size_t last = event_count - 1;
    static_assert(names[last] == "removeListener");
    remove_all_before(std::make_index_sequence<last>());
    auto& told = std::get<last>(lists);
    while (const auto place = told.last()) told.remove(*place);
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
    wait->on_event = place_of_new<event>(typename Next<event>::OnEvent(wait), true, false);
    if constexpr (Next<event>::may_fail) {
      wait->on_error = place_of_new<"error">(typename Next<event>::OnError(wait), true, false);
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
  Lists lists;

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

  template <EventName event>
  auto place_of_new(typename Named<event>::Callback fn, bool once, bool front) {
    if (!fn) throw_no_listener();
    const std::uint64_t number = next_listener_number();
    tell<"newListener">(event.view(), number);
    auto& there = list<event>();
    const auto place = there.add({std::move(fn), number, once}, front);
    newest = std::max(newest, number);  // Those that hear of a new one may have added others.
    if (listeners_max > 0 && there.size() > listeners_max && !std::exchange(there.warned, true)) {
      warn_of_listeners(event.view(), there.size(), listeners_max);
    }
    return place;
  }

  template <std::size_t at>
  bool remove_from(Place<at> place) {
    const std::uint64_t number = place->number;
    if (!std::get<at>(lists).remove(place)) return false;
    tell<"removeListener">(names[at], number);
    return true;
  }
  template <std::size_t at>
  bool find_and_remove(std::uint64_t number) {
    const auto place = std::get<at>(lists).find(number);
    return place && remove_from<at>(*place);
  }
  template <std::size_t... at>
  bool remove_at(std::uint64_t number, std::index_sequence<at...>) {
    return (find_and_remove<at>(number) || ...);
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
    static constexpr std::size_t at = index<event>;
    static constexpr bool may_fail = has_error && event.view() != "error";
    static constexpr std::size_t error_at = may_fail ? index_of("error") : at;

    /// A listener of it, whose place is known until it dies.
    template <auto place>
    struct Ear {
      explicit Ear(std::shared_ptr<Next> its) noexcept : wait(std::move(its)) {}
      Ear(Ear&&) noexcept = default;
      Ear& operator=(Ear&&) = delete;
      ~Ear() {
        if (wait) (*wait.*place).reset();
      }
      std::shared_ptr<Next> wait;
    };
    struct OnEvent : Ear<&Next::on_event> {
      using Ear<&Next::on_event>::Ear;
      template <class... Args>
      void operator()(const Args&... args) {
        this->wait->settle(args...);
      }
    };
    struct OnError : Ear<&Next::on_error> {
      using Ear<&Next::on_error>::Ear;
      template <class... Args>
      void operator()(const Args&... args) {
        this->wait->fail(error_of(args...));
      }
    };

    Next(EmitterState& its_emitter, Resolver<T> its_resolver)
        : emitter(its_emitter), resolver(std::move(its_resolver)) {}

    template <class... Args>
    void settle(const Args&... args) {
      if (on_error) emitter.template remove_from<error_at>(*on_error);
      if constexpr (std::is_void_v<T>) {
        resolver.resolve();
      } else {
        resolver.resolve(T(args...));
      }
    }
    void fail(std::exception_ptr error) {
      if (on_event) emitter.template remove_from<at>(*on_event);
      resolver.reject(std::move(error));
    }
    bool cancel() noexcept override {
      const auto kept = this->shared_from_this();
      const auto emitter_kept = Ref<EmitterState>::share(&emitter);
      try {
        if (on_event) emitter.template remove_from<at>(*on_event);
        if (on_error) emitter.template remove_from<error_at>(*on_error);
        resolver.reject(Error(canceled, "next", std::string(event.view())));
      } catch (...) {
        resolver.reject(std::current_exception());  // By who listens to removeListener.
      }
      return true;
    }

    EmitterState& emitter;
    Resolver<T> resolver;
    std::optional<Place<at>> on_event;
    std::optional<Place<error_at>> on_error;
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
