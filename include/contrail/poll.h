#pragma once

#include <memory>
#include <stop_token>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"
#include "contrail/result.h"

namespace contrail::inline v0 {

/// A set of what may be the matter with a descriptor.
enum class PollEvents : unsigned {
  none = 0,
  readable = 1,
  writable = 2,
  disconnect = 4,  ///< The peer has finished writing, or is gone (EPOLLRDHUP).
  priority = 8,    ///< Urgent data, or what sysfs has to say (EPOLLPRI).
};

constexpr PollEvents operator|(PollEvents one, PollEvents other) noexcept {
  return static_cast<PollEvents>(static_cast<unsigned>(one) | static_cast<unsigned>(other));
}
constexpr PollEvents operator&(PollEvents one, PollEvents other) noexcept {
  return static_cast<PollEvents>(static_cast<unsigned>(one) & static_cast<unsigned>(other));
}
/// Whether any of those is in the set.
constexpr bool has_any(PollEvents set, PollEvents of) noexcept {
  return (set & of) != PollEvents::none;
}

/// Tells when a descriptor of somebody else's is readable or writable: the way onto the loop, with
/// ids and context, for libraries that do their own input and output and only want to know when
/// they may. Sockets, pipes, terminals, eventfd, timerfd, inotify: whatever epoll takes.
///
///     PollWatcher ready(PQsocket(connection));
///     while (PQisBusy(connection)) {
///       co_await ready.wait(PollEvents::readable);
///       PQconsumeInput(connection);
///     }
///
/// c-ares and curl say themselves what they wait for, and when that changes: make a PollWatcher
/// for a socket when it is first told to their callback (CURLMOPT_SOCKETFUNCTION,
/// ares_sock_state_cb), watch() what they ask for, call curl_multi_socket_action or ares_process_fd
/// from on_event(), and destroy it when they are done with the socket.
///
/// It tells as long as it is so, not only when it becomes so: read until EAGAIN, or be told again
/// in the next turn. It keeps the loop running while it watches for anything.
///
/// The descriptor becomes non-blocking, remains the caller's, and several watchers may watch it,
/// since each keeps a duplicate of it. So destroy the watcher before, or right after, closing the
/// descriptor: its file or connection stays open until both are.
///
/// Hooks see a POLL, whose callback runs in the context in which the watcher was made.
class CONTRAIL_API PollWatcher {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    int descriptor;
  };

  /// Watches for nothing yet. Throws Error: EBADF if there is no such descriptor, EPERM if it is of
  /// a kind that is always ready, such as a regular file or a directory.
  explicit PollWatcher(int descriptor, CreationSite site = CreationSite::current());
  PollWatcher(PollWatcher&&) noexcept;
  PollWatcher& operator=(PollWatcher&&) noexcept;
  ~PollWatcher();

  /// Calls fn with those of the events watched for that are there. An empty fn removes it.
  ///
  /// Of a descriptor that has an error (EPOLLERR) it is told all it watches for: reading or writing
  /// it tells which error. Of one that was closed while it was watched fn is told an Error. Then
  /// nothing is watched for until watch() is called again.
  void on_event(Function<void(Result<PollEvents>)> fn);
  /// What on_event() is told from now on; none: nothing. Throws Error (EBADF) if the descriptor or
  /// the watcher is closed.
  PollWatcher& watch(PollEvents interest);
  PollEvents interest() const;

  /// Resolves with those of the events wanted that are there, as soon as any is. Several may wait,
  /// also beside on_event(). Fails like on_event(), with EINVAL if nothing is wanted, and with
  /// ECANCELED on close.
  Promise<PollEvents> wait(PollEvents wanted, std::stop_token stop = {},
                           CreationSite site = CreationSite::current());

  PollWatcher& ref() noexcept;  ///< Keeps the loop running while it watches; this is how it starts.
  PollWatcher& unref() noexcept;  ///< Does not.
  bool has_ref() const noexcept;
  void close() noexcept;  ///< Now, rather than at the end of the scope. Idempotent.
  bool is_open() const noexcept;

  int descriptor() const;
  explicit operator bool() const noexcept { return state_ != nullptr; }  ///< Not moved from.
  AsyncId async_id() const noexcept;

  struct State;

 private:
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

}  // namespace contrail::inline v0
