#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "contrail/tcp.h"
#include "src/io/stream_server_state.h"
#include "src/io/tcp_state.h"

namespace contrail::inline v0 {
namespace detail {

template <>
struct ServerTypes<TcpSocket> {
  using Connection = TcpState;
  using Details = TcpServer::Details;
  static constexpr const char* name = "TcpServer";
  static constexpr ResourceType type{resource_types::tcp_server.name, &AnyRef::tag_of<Details>};
};

namespace {

socklen_t size_of(const SocketAddress& address) {
  return address.is_ipv6() ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

int new_socket(int family) {
  const int made = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  return made < 0 ? -errno : made;
}

int set_option(int socket, int level, int option, bool on) {
  const int value = on;
  return ::setsockopt(socket, level, option, &value, sizeof value) < 0 ? -errno : 0;
}

int set_options(int socket, const SocketAddress& at, const ListenOptions& options) {
  if (options.ipv6_only && !at.is_ipv6()) return UV_EINVAL;
  // As libuv and Node do: what a former connection leaves for a while keeps nobody from listening.
  int status = set_option(socket, SOL_SOCKET, SO_REUSEADDR, true);
  if (status == 0 && options.reuse_port)
    status = set_option(socket, SOL_SOCKET, SO_REUSEPORT, true);
  if (status == 0 && at.is_ipv6()) {
    status = set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, options.ipv6_only);
  }
  return status;
}

SocketAddress local_address_of(int socket) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size);
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&local));
}

}  // namespace
}  // namespace detail

template class StreamServer<TcpSocket>;

TcpServer::TcpServer(Function<void(TcpSocket)> on_connection)
    : StreamServer(std::move(on_connection)) {}

TcpServer& TcpServer::listen(const SocketAddress& at, ListenOptions options, CreationSite site) {
  try_to([&](State& server) {
    server.begin(at.to_string());
    server.announce(detail::new_socket(at.is_ipv6() ? AF_INET6 : AF_INET), {at}, site);
    const int socket = server.descriptor();
    server.must(detail::set_options(socket, at, options), "setsockopt");
    const int status = ::bind(socket, at.native(), detail::size_of(at)) < 0 ? -errno : 0;
    server.must(status, status == UV_EADDRINUSE ? "listen" : "bind");  // As Node calls it.
    server.listen(options.backlog, options.max_connections);
    server.details.local = detail::local_address_of(socket);
    server.subject = server.details.local.to_string();
  });
  return *this;
}

SocketAddress TcpServer::address() const {
  const State& server = state();
  if (!server.resource || !server.is_open()) {
    throw Error(UV_EBADF, "getsockname", {}, detail::not_listening);
  }
  return server.details.local;
}

}  // namespace contrail::inline v0
