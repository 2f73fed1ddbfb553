// A TCP socket once it is there: what it is called, how it is set up and reset. See tcp.cc for how
// it connects.

#include <sys/socket.h>
#include <unistd.h>

#include "contrail/tcp.h"
#include "src/io/tcp_state.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

SocketAddress address_of(const uv_tcp_t& tcp, decltype(&uv_tcp_getpeername) which) {
  sockaddr_storage storage;
  int size = sizeof storage;
  const int status = which(&tcp, reinterpret_cast<sockaddr*>(&storage), &size);
  if (status < 0) throw Error(status, which == uv_tcp_getpeername ? "getpeername" : "getsockname");
  return SocketAddress::from(reinterpret_cast<const sockaddr*>(&storage));
}

}  // namespace

TcpState::TcpState(const SocketAddress& remote, CreationSite site)
    : StreamState(&tcp, &its_resource),
      details{remote, false},
      its_resource(tcp_type, AnyRef::to(details), site) {
  uv_tcp_init(loop().uv, &tcp);  // Without a family it cannot fail: no socket is made yet.
  opened(&tcp);
}

TcpState::TcpState(Incoming incoming, const AsyncResource& from)
    : StreamState(&tcp, &its_resource),
      details(take_over(incoming)),
      its_resource(tcp_type, {.trigger = &from, .details = AnyRef::to(details)},
                   from.creation_site()) {}

TcpSocket::Details TcpState::take_over(Incoming incoming) {
  uv_tcp_init(loop().uv, &tcp);
  opened(&tcp);
  accept_status =
      incoming.pipe ? uv_accept(incoming.pipe, stream()) : uv_tcp_open(&tcp, incoming.descriptor);
  if (accept_status < 0 && !incoming.pipe) ::close(incoming.descriptor);
  try {
    return {address_of(tcp, uv_tcp_getpeername), true};
  } catch (const Error&) {
    return {SocketAddress(), true};  // Gone already: reading will say so.
  }
}

}  // namespace detail

using detail::TcpState;

void TcpSocket::close_reset() noexcept {
  auto& tcp = static_cast<TcpState&>(state());
  uv_os_fd_t descriptor;
  if (tcp.is_open() && uv_fileno(reinterpret_cast<uv_handle_t*>(&tcp.tcp), &descriptor) == 0) {
    // As uv_tcp_close_reset() does, which refuses while a shutdown() waits.
    const linger not_at_all{1, 0};
    ::setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &not_at_all, sizeof not_at_all);
  }
  tcp.close();
}

TcpSocket& TcpSocket::set_no_delay(bool on) {
  auto& tcp = static_cast<TcpState&>(state());
  const int status = tcp.is_open() ? uv_tcp_nodelay(&tcp.tcp, on) : UV_EBADF;
  if (status < 0) throw tcp.error(status, "set_no_delay");
  return *this;
}

TcpSocket& TcpSocket::set_keep_alive(std::chrono::seconds idle) {
  auto& tcp = static_cast<TcpState&>(state());
  const bool on = idle.count() > 0;
  const auto seconds = static_cast<unsigned>(idle.count());
  const int status = tcp.is_open() ? uv_tcp_keepalive(&tcp.tcp, on, seconds) : UV_EBADF;
  if (status < 0) throw tcp.error(status, "set_keep_alive");
  return *this;
}

SocketAddress TcpSocket::local_address() const {
  return detail::address_of(static_cast<TcpState&>(state()).tcp, uv_tcp_getsockname);
}

SocketAddress TcpSocket::remote_address() const {
  return static_cast<TcpState&>(state()).details.remote;
}

}  // namespace contrail::inline v0
