#pragma once

#include <csignal>
#include <memory>
#include <stop_token>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"
#include "contrail/result.h"

namespace contrail::inline v0 {

/// Hears a POSIX signal, in place of its default action, until it goes out of scope; also inside
/// its own callback. There may be several for one signal, on any Loops: all of them hear it.
///
///     SignalWatcher interrupted(SIGINT, [&](int) { server.close(); });
///
/// As in Node, a watcher does not keep the loop running, nor does a wait(): see ref(). The callback
/// runs in the loop, not in the signal handler, so it may do anything; signals of one number that
/// arrive before it runs may be told as fewer. With the last watcher of a signal its default action
/// comes back, whatever it was before the first. Do not sigaction() a signal that is watched.
///
/// Watching SIGSEGV, SIGBUS, SIGFPE and SIGILL is of use only where they are sent by kill(): after
/// a fault of its own the thread never gets back to its loop.
///
/// Hooks see a SIGNALWRAP for each watcher. Its callback runs in the context in which the watcher
/// was made.
class CONTRAIL_API SignalWatcher {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    int number;
  };

  /// fn is called with the number at each signal. Throws Error (EINVAL) if there is no such signal,
  /// or if it cannot be caught: SIGKILL, SIGSTOP, and those that the C library keeps for itself.
  explicit SignalWatcher(int number, Function<void(int)> fn = {},
                         CreationSite site = CreationSite::current());
  /// One that closes itself before it calls fn.
  static SignalWatcher once(int number, Function<void(int)> fn,
                            CreationSite site = CreationSite::current());
  SignalWatcher(SignalWatcher&&) noexcept;
  SignalWatcher& operator=(SignalWatcher&&) noexcept;
  ~SignalWatcher();

  /// Takes the place of the callback; an empty fn removes it. The signal is still caught.
  void on_signal(Function<void(int)> fn);
  /// Resolves with its number at the next signal. Those that arrive while nobody waits are not
  /// kept. Fails with ECANCELED on close.
  Promise<int> wait(std::stop_token stop = {}, CreationSite site = CreationSite::current());

  SignalWatcher& ref() noexcept;    ///< Keeps the loop running from now on.
  SignalWatcher& unref() noexcept;  ///< Does not; this is how it starts.
  bool has_ref() const noexcept;
  void close() noexcept;  ///< Now, rather than at the end of the scope. Idempotent.
  bool is_open() const noexcept;

  int number() const;
  explicit operator bool() const noexcept { return state_ != nullptr; }  ///< Not moved from.
  AsyncId async_id() const noexcept;

  struct State;

 private:
  friend struct NextSignal;
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

/// Resolves with its number at the next such signal, by a watcher of its own: it does not keep the
/// loop running. Fails as the constructor of SignalWatcher throws.
///
///     co_await next_signal(SIGTERM);
CONTRAIL_API Promise<int> next_signal(int number, std::stop_token stop = {},
                                      CreationSite site = CreationSite::current());
CONTRAIL_API void next_signal(int number, Callback<int> fn,
                              CreationSite site = CreationSite::current());

}  // namespace contrail::inline v0
