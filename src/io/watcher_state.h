#pragma once

#include <utility>

#include "contrail/detail/wait_queue.h"
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

  Promise<Event> wait(std::stop_token stop, CreationSite site) {
    const Error closed_already = error(UV_EBADF);
    if (!is_open()) return Promise<Event>::reject(closed_already, site);
    return waiting.wait(
        {std::move(stop), site, closed_already.syscall(), closed_already.subject()});
  }

  Listener<Args...> listener;
  WaitQueue<Event> waiting;

 protected:
  /// In Node the end of a watcher is no callback of it.
  void closed() noexcept override {
    CallbackScope scope;
    waiting.fail_all(error(UV_ECANCELED));
    listener.set({});
    resource().emit_destroy();
    resource().release_context();
  }
};

}  // namespace contrail::inline v0::detail
