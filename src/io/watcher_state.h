#pragma once

#include <utility>
#include <vector>

#include "contrail/result.h"
#include "src/io/listener.h"
#include "src/loop/handle.h"

namespace contrail::inline v0::detail {

/// What the watchers share: someone who listens to every event, those who wait for the next one,
/// and the end of them all.
template <class Event, class... Args>
struct WatcherState : HandleState {
  virtual AsyncResource& resource() noexcept = 0;
  virtual Error error(int status) const = 0;

  void wait(Callback<Event> fn) {
    if (!is_open()) return fn(error(UV_EBADF));
    waiting.push_back(std::move(fn));
  }
  void tell_waiting(const Result<Event>& event) {
    for (auto& fn : std::exchange(waiting, {})) fn(event);
  }

  Listener<Args...> listener;
  std::vector<Callback<Event>> waiting;

 protected:
  /// In Node the end of a watcher is no callback of it.
  void closed() noexcept override {
    CallbackScope scope;
    tell_waiting(error(UV_ECANCELED));
    listener.set({});
    resource().emit_destroy();
    resource().release_context();
  }
};

}  // namespace contrail::inline v0::detail
