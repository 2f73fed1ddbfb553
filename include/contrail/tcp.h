#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>

#include "contrail/socket_address.h"
#include "contrail/stream.h"

namespace contrail::inline v0 {

/// A TCP connection. Hooks see TCPWRAP, and for connect() a TCPCONNECTWRAP triggered by it.
///
///     TcpSocket socket = co_await TcpSocket::connect(SocketAddress::loopback(8080));
///     co_await socket.write("ping\n");
class CONTRAIL_API TcpSocket : public Stream {
 public:
  TcpSocket() noexcept = default;  ///< None: a place for one.

  /// What hooks see.
  struct CONTRAIL_API Details {
    SocketAddress remote;
    bool accepted;  ///< By a TcpServer; otherwise we connected.
  };

  static Promise<TcpSocket> connect(const SocketAddress& to);
  static void connect(const SocketAddress& to, Callback<TcpSocket> fn);
  /// Looks the name up first (GETADDRINFOREQWRAP, triggered by the socket), then tries its
  /// addresses in the system's order until one answers.
  static Promise<TcpSocket> connect(std::string_view host, std::uint16_t port);
  static void connect(std::string_view host, std::uint16_t port, Callback<TcpSocket> fn);

  TcpSocket& set_no_delay(bool on = true);
  TcpSocket& set_keep_alive(std::chrono::seconds idle);
  SocketAddress local_address() const;
  SocketAddress remote_address() const;

 private:
  friend class TcpServer;
  friend struct TcpConnect;
  using Stream::Stream;
};

struct ListenOptions {
  int backlog = 511;
  bool ipv6_only = false;
};

/// Accepts TCP connections until it goes out of scope. Hooks see TCPSERVERWRAP, whose callback
/// runs once per connection; each connection is a TCPWRAP triggered by it, with no context of its
/// own. on_connection runs in the context in which listen() was called.
///
/// Moved-from, a TcpServer is empty: `if (server)` tells; close() then does nothing, and any other
/// use ends the process with a sentence.
class CONTRAIL_API TcpServer {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    SocketAddress local;
  };

  explicit TcpServer(Function<void(TcpSocket)> on_connection = {});
  TcpServer(TcpServer&&) noexcept;
  TcpServer& operator=(TcpServer&&) noexcept;
  ~TcpServer();

  /// Throws Error if the address cannot be had; another one may then be tried. Port 0 lets the
  /// system choose: see address().
  TcpServer& listen(const SocketAddress& at, ListenOptions options = {});

  /// The next connection: for servers written as a coroutine, in place of on_connection. As long
  /// as nobody waits, connections queue up in the system. Rejects with EBADF if the server does not
  /// listen, and with ECANCELED on close.
  Promise<TcpSocket> accept();

  /// A connection could not be accepted; the server goes on. Without fn that is silent. Nobody
  /// hears when the process is out of file descriptors: libuv keeps one in reserve, with which it
  /// accepts and closes at once whoever is waiting.
  void on_error(Function<void(const Error&)> fn);
  /// Called once, when the server is closed and libuv has let go of it.
  void on_close(Function<void()> fn);
  void close() noexcept;  ///< Now, rather than at the end of the scope. Idempotent.

  /// Where it listens. Throws Error (EBADF) if it does not.
  SocketAddress address() const;
  AsyncId async_id() const noexcept;
  explicit operator bool() const noexcept { return state_ != nullptr; }

  struct State;

 private:
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  State& state() const;
  void start_over();
  std::unique_ptr<State, CloseState> state_;
};

}  // namespace contrail::inline v0
