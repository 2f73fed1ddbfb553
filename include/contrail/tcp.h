#pragma once

#include <chrono>
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

  TcpSocket& set_no_delay(bool on = true);
  TcpSocket& set_keep_alive(std::chrono::seconds idle);
  SocketAddress local_address() const;
  SocketAddress remote_address() const;

 private:
  friend class StreamServer<TcpSocket>;
  friend struct TcpConnect;
  using Stream::Stream;
};

struct ListenOptions {
  int backlog = 511;
  bool ipv6_only = false;
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
