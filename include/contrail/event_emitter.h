#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/detail/emitter_state.h"
#include "contrail/promise.h"

namespace contrail::inline v0 {

/// Something that tells listeners what happens to it: Node's EventEmitter, with the names and the
/// arguments of its events checked by the compiler.
///
///     EventEmitter<Event<"line", std::string>, Event<"end">> chat;
///     chat.on<"line">([](const std::string& text) { fmt::print("{}\n", text); });
///     chat.emit<"line">("hello");
///
/// emit() calls the listeners at once, one after the other, in the order in which they were added
/// and as part of whoever calls emit(): in its resource and its context. Listeners get numbers by
/// value, references as they are declared, and everything else by const reference. They may add and
/// remove listeners, emit, and destroy the emitter. One that was added meanwhile is called the next
/// time; one that was removed is not called any more, as what it refers to may be gone. What one
/// throws leaves through emit(), and the others are not called.
///
/// Two events need not be declared: `newListener` is emitted ahead of adding one, `removeListener`
/// after removing one, both with (std::string_view event, Listener). One that you declare by the
/// name `error` is special: emitting it without a listener throws what it is emitted with, if that
/// is an exception or a std::exception_ptr, and otherwise a std::runtime_error.
///
/// Needs no Loop, but for next(). It stays on the thread it was made on, and can be moved; using
/// one that was moved from ends the process with a sentence. No emit() allocates.
template <class... Events>
class EventEmitter {
  using State = detail::EmitterState<Events...>;
  template <detail::EventName event>
  static constexpr std::size_t index_of() {
    constexpr std::size_t found = State::template index<event>;
    static_assert(found < State::event_count, "this EventEmitter has no event of that name");
    return found;
  }

 public:
  /// One of Events, or newListener or removeListener, by its name.
  template <detail::EventName event>
  using EventNamed = std::tuple_element_t<index_of<event>(), typename State::All>;
  template <detail::EventName event>
  using Callback = typename EventNamed<event>::Callback;
  template <detail::EventName event>
  using Arguments = typename EventNamed<event>::Arguments;

  EventEmitter() : state_(new State()) {}

  /// Throws std::invalid_argument, as the next three do, if fn is empty.
  template <detail::EventName event>
  Listener on(Callback<event> fn) {
    return kept()->template add<event>(std::move(fn), false, false);
  }
  /// Is removed ahead of its first call.
  template <detail::EventName event>
  Listener once(Callback<event> fn) {
    return kept()->template add<event>(std::move(fn), true, false);
  }
  /// Ahead of all others.
  template <detail::EventName event>
  Listener prepend_listener(Callback<event> fn) {
    return kept()->template add<event>(std::move(fn), false, true);
  }
  template <detail::EventName event>
  Listener prepend_once_listener(Callback<event> fn) {
    return kept()->template add<event>(std::move(fn), true, true);
  }

  /// False if it is not, or no longer, one of this emitter's.
  bool off(Listener listener) { return kept()->remove(listener); }

  /// Those of one event, the last one first.
  template <detail::EventName event>
  void remove_all_listeners() {
    kept()->template remove_all_of<index_of<event>()>();
  }
  void remove_all_listeners() { kept()->remove_all(); }

  /// False if nobody listens.
  template <detail::EventName event, class... Given>
  requires std::invocable < Callback<event>
  &, Given... > bool emit(Given&&... given) {
    return kept()->template emit<event>(std::forward<Given>(given)...);
  }

  /// The next one: nothing, its argument, or a tuple of them, copied; of a std::string_view, a
  /// std::string. Fails if an `error` event comes first, and with std::future_errc::broken_promise
  /// if the emitter goes, or its listeners are removed.
  ///
  ///     const std::string line = co_await chat.next<"line">();
  template <detail::EventName event>
  Promise<Arguments<event>> next(std::stop_token stop = {},
                                 CreationSite site = CreationSite::current()) {
    static_assert(EventNamed<event>::can_be_kept, "next(): what the event tells is only a view");
    return kept()->template next<event>(std::move(stop), site);
  }

  template <detail::EventName event>
  std::size_t listener_count() const noexcept {
    return std::get<index_of<event>()>(state().lists).size();
  }
  /// The events that somebody listens to.
  std::vector<std::string_view> event_names() const { return state().names_in_use(); }

  /// Above it, by default 10, an event warns once on stderr: often it is a leak. 0: never.
  void set_max_listeners(std::size_t max) noexcept { state().listeners_max = max; }
  std::size_t max_listeners() const noexcept { return state().listeners_max; }

 protected:
  State& state() const {
    if (!state_) [[unlikely]]
      detail::die_moved_from("EventEmitter");
    return *state_;
  }

 private:
  struct Close {
    void operator()(State* state) const noexcept {
      state->close();
      release(state);
    }
  };

  detail::Ref<State> kept() const { return detail::Ref<State>::share(&state()); }

  std::unique_ptr<State, Close> state_;
};

/// The same as an AsyncResource: whoever emits, listeners run as that resource and in the context
/// in which the emitter was made. Each emit() is one `before` and one `after`, whether or not
/// somebody listens.
///
///     EventEmitterAsyncResource<Event<"row", Row>> query("DbQuery");
template <class... Events>
class EventEmitterAsyncResource : public EventEmitter<Events...> {
 public:
  /// As AsyncResource's constructors.
  explicit EventEmitterAsyncResource(std::string_view type, ResourceOptions options = {},
                                     CreationSite site = CreationSite::current()) {
    this->state().resource.emplace(type, options, site);
  }
  explicit EventEmitterAsyncResource(const ResourceType& type, ResourceOptions options = {},
                                     CreationSite site = CreationSite::current()) {
    this->state().resource.emplace(type, options, site);
  }

  AsyncId async_id() const { return async_resource().async_id(); }
  AsyncId trigger_async_id() const { return async_resource().trigger_async_id(); }
  /// See AsyncResource::emit_destroy(): emit() may be called even afterwards.
  void emit_destroy() { async_resource().emit_destroy(); }
  AsyncResource& async_resource() const { return *this->state().resource; }
};

}  // namespace contrail::inline v0
