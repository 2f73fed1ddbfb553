#include <sys/socket.h>

#include "contrail/tcp.h"
#include "src/io/stream_server_state.h"
#include "src/io/tcp_state.h"

namespace contrail::inline v0 {
namespace detail {

template <>
struct ServerTypes<TcpSocket> {
  using Handle = uv_tcp_t;
  using Connection = TcpState;
  using Details = TcpServer::Details;
  static constexpr const char* name = "TcpServer";
  static constexpr ResourceType type{resource_types::tcp_server.name, &AnyRef::tag_of<Details>};
};

}  // namespace detail

template class StreamServer<TcpSocket>;

TcpServer::TcpServer(Function<void(TcpSocket)> on_connection)
    : StreamServer(std::move(on_connection)) {}

TcpServer& TcpServer::listen(const SocketAddress& at, ListenOptions options, CreationSite site) {
  try_to([&](State& server) {
    server.begin(at.to_string());
    const unsigned family = at.is_ipv6() ? AF_INET6 : AF_INET;
    server.announce(uv_tcp_init_ex(server.uv_loop(), &server.handle, family), {at}, site);
    const unsigned flags = options.ipv6_only ? static_cast<unsigned>(UV_TCP_IPV6ONLY) : 0;
    server.must(uv_tcp_bind(&server.handle, at.native(), flags), "bind");
    server.listen(options.backlog);
    sockaddr_storage local;
    auto* native = reinterpret_cast<sockaddr*>(&local);
    int size = sizeof local;
    server.must(uv_tcp_getsockname(&server.handle, native, &size), "getsockname");
    server.details.local = SocketAddress::from(native);
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
