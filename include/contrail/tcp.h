#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "contrail/socket_address.h"
#include "contrail/stream.h"
#include "contrail/stream_server.h"

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

  static Promise<TcpSocket> connect(const SocketAddress& to, std::stop_token stop = {},
                                    CreationSite site = CreationSite::current());
  static void connect(const SocketAddress& to, Callback<TcpSocket> fn,
                      CreationSite site = CreationSite::current());
  /// Looks the name up first (GETADDRINFOREQWRAP, triggered by the socket), then tries its
  /// addresses in the system's order until one answers.
  static Promise<TcpSocket> connect(std::string_view host, std::uint16_t port,
                                    std::stop_token stop = {},
                                    CreationSite site = CreationSite::current());
  static void connect(std::string_view host, std::uint16_t port, Callback<TcpSocket> fn,
                      CreationSite site = CreationSite::current());

  /// Binds to the local address first, which decides the interface and, unless 0, the port.
  static Promise<TcpSocket> connect_from(const SocketAddress& local, const SocketAddress& to,
                                         std::stop_token stop = {},
                                         CreationSite site = CreationSite::current());
  static void connect_from(const SocketAddress& local, const SocketAddress& to,
                           Callback<TcpSocket> fn, CreationSite site = CreationSite::current());

  /// Closes so that the peer sees ECONNRESET, at once, in place of an orderly end: what is not sent
  /// is dropped, and the system keeps nothing of the connection. Node's resetAndDestroy().
  void close_reset() noexcept;

  TcpSocket& set_no_delay(bool on = true);
  TcpSocket& set_keep_alive(std::chrono::seconds idle);
  SocketAddress local_address() const;
  SocketAddress remote_address() const;

 private:
  friend class StreamServer<TcpSocket>;
  friend struct TcpConnect;
  friend class Pipe;  // Receives one.
  using Stream::Stream;
};

struct ListenOptions {
  int backlog = 511;       ///< Connections that the system holds until they are accepted.
  bool ipv6_only = false;  ///< At ::, leaves the port's IPv4 side to somebody else.
  bool reuse_port =
      false;  ///< Others of this user who say so, too, may listen at the same address:
              ///< the system deals out connections among them (SO_REUSEPORT).
  /// At most so many open connections; 0 is any number. Others wait in the system, as many as
  /// backlog says, until one closes.
  std::size_t max_connections = 0;
};

extern template class StreamServer<TcpSocket>;

/// Accepts TCP connections until it goes out of scope. Hooks see TCPSERVERWRAP, whose callback
/// runs once per connection; each connection is a TCPWRAP triggered by it, with no context of its
/// own. on_connection runs in the context in which listen() was called.
class CONTRAIL_API TcpServer : public StreamServer<TcpSocket> {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    SocketAddress local;
  };

  explicit TcpServer(Function<void(TcpSocket)> on_connection = {});

  /// Throws Error if the address cannot be had; another one may then be tried. Port 0 lets the
  /// system choose: see address().
  TcpServer& listen(const SocketAddress& at, ListenOptions options = {},
                    CreationSite site = CreationSite::current());

  /// Where it listens. Throws Error (EBADF) if it does not.
  SocketAddress address() const;
};

}  // namespace contrail::inline v0
