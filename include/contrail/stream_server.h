#pragma once

#include <memory>
#include <stop_token>

#include "contrail/detail/export.h"
#include "contrail/error.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0 {

/// What TcpServer and PipeServer have in common: connections come in until it goes out of scope.
/// They arrive in the callback that the constructor takes, or, for servers written as a coroutine,
/// one accept() after the other.
///
/// Moved-from, a server is empty: `if (server)` tells; close() then does nothing, and any other use
/// ends the process with a sentence.
template <class Socket>
class CONTRAIL_API StreamServer {
 public:
  StreamServer(StreamServer&&) noexcept;
  StreamServer& operator=(StreamServer&&) noexcept;
  ~StreamServer();

  /// The next connection, in place of on_connection. As long as nobody waits, connections queue up
  /// in the system. Rejects with EBADF if the server does not listen, and with ECANCELED on close.
  Promise<Socket> accept(std::stop_token stop = {}, CreationSite site = CreationSite::current());

  /// A connection could not be accepted; the server goes on. Without fn that is silent.
  ///
  /// When the process has run out of file descriptors (EMFILE), it is told once: the server then
  /// lets connections wait in the system, and goes on when a handle of this thread's closes, or,
  /// as descriptors may come back elsewhere, within a quarter of a second.
  void on_error(Function<void(const Error&)> fn);
  /// Called once, when the server is closed and libuv has let go of it.
  void on_close(Function<void()> fn);
  void close() noexcept;  ///< Now, rather than at the end of the scope. Idempotent.

  /// Whether a server that listens keeps Loop::run() from returning. It does at first.
  StreamServer& ref() noexcept;
  StreamServer& unref() noexcept;
  bool has_ref() const noexcept;

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// no_async_id before listen().
  AsyncId async_id() const noexcept;

  struct State;

 protected:
  explicit StreamServer(Function<void(Socket)> on_connection);
  State& state() const;
  /// Runs listen(state()). If that fails, the server is as before: another address may be tried.
  template <class Listen>
  void try_to(Listen listen);

 private:
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  void start_over();
  std::unique_ptr<State, CloseState> state_;
};

}  // namespace contrail::inline v0
