#include "contrail/udp.h"

#include <fmt/core.h>

#include "src/io/udp_state.h"

namespace contrail::inline v0 {
namespace {

constexpr ResourceType udp_type{resource_types::udp.name, &AnyRef::tag_of<UdpSocket::Details>};

}  // namespace

UdpSocket::State::State(CreationSite site) : resource(udp_type, AnyRef::to(details), site) {
  uv_udp_init(loop().uv, &udp);  // It cannot fail: no socket is made yet.
  opened(&udp);
}

void UdpSocket::State::throw_error(int status, std::string_view verb,
                                   const std::string& subject) const {
  if (status == UV_EBADF && is_open()) {
    throw Error(status, verb, subject, "this socket is not bound");
  }
  throw Error(status, verb, subject);
}

void UdpSocket::State::bind(const SocketAddress& local, const BindOptions& options) {
  if (is_open() && details.local) {
    throw Error(UV_EALREADY, "bind", local.to_string(),
                fmt::format("this socket is bound already, to {}", *details.local));
  }
  unsigned flags = 0;
  if (options.reuse_address) flags |= UV_UDP_REUSEADDR;
  if (options.ipv6_only) flags |= UV_UDP_IPV6ONLY;
  must("bind", local.to_string(), [&] { return uv_udp_bind(&udp, local.native(), flags); });
  find_out_address();
}

void UdpSocket::State::connect(const SocketAddress& to) {
  must("connect", to.to_string(), [&] { return uv_udp_connect(&udp, to.native()); });
  details.remote = to;
  find_out_address();
}

void UdpSocket::State::disconnect() {
  must("disconnect", {}, [&] { return uv_udp_connect(&udp, nullptr); });
  details.remote.reset();
  find_out_address();
}

void UdpSocket::State::find_out_address() noexcept {
  sockaddr_storage name;
  int size = sizeof name;
  auto* address = reinterpret_cast<sockaddr*>(&name);
  const bool known = uv_udp_getsockname(&udp, address, &size) >= 0;
  details.local = known ? std::optional(SocketAddress::from(address)) : std::nullopt;
  if (known && details.local->port() == 0) details.local.reset();  // There is a socket, no more.
  update_receiving();
}

SocketAddress UdpSocket::State::address() const {
  if (!is_open()) throw Error(UV_EBADF, "getsockname");
  if (!details.local) throw_error(UV_EBADF, "getsockname", {});
  return *details.local;
}

void UdpSocket::State::tell_of_closing() noexcept {
  if (!is_open()) return;
  check_thread();
  if (!on_close || detail::hot.tearing_down) return;
  // As in Node it is a tick of its own, and not a callback of the socket.
  loop().tasks.add_tick(std::exchange(on_close, {}), resource.async_id(), resource.creation_site());
}

void UdpSocket::CloseState::operator()(State* state) const noexcept {
  state->tell_of_closing();
  state->let_go();
}

UdpSocket::UdpSocket(CreationSite site) : state_(new State(site)) {}
UdpSocket::UdpSocket(UdpSocket&&) noexcept = default;
UdpSocket& UdpSocket::operator=(UdpSocket&&) noexcept = default;
UdpSocket::~UdpSocket() = default;

UdpSocket::State& UdpSocket::state() const { return detail::in_use(state_.get(), "UdpSocket"); }

UdpSocket& UdpSocket::bind(const SocketAddress& local, BindOptions options) {
  state().bind(local, options);
  return *this;
}

UdpSocket& UdpSocket::connect(const SocketAddress& to) {
  state().connect(to);
  return *this;
}

UdpSocket& UdpSocket::disconnect() {
  state().disconnect();
  return *this;
}

SocketAddress UdpSocket::address() const { return state().address(); }

SocketAddress UdpSocket::remote_address() const {
  const State& socket = state();
  if (!socket.is_open()) throw Error(UV_EBADF, "getpeername");
  if (!socket.details.remote) throw Error(UV_ENOTCONN, "getpeername");
  return *socket.details.remote;
}

UdpSocket& UdpSocket::ref() noexcept {
  state().set_ref(true);
  return *this;
}

UdpSocket& UdpSocket::unref() noexcept {
  state().set_ref(false);
  return *this;
}

bool UdpSocket::has_ref() const noexcept { return is_open() && state().has_ref(); }

void UdpSocket::on_close(Function<void()> fn) { state().on_close = std::move(fn); }

void UdpSocket::close() noexcept {
  State& socket = state();
  socket.tell_of_closing();
  socket.close();
}

bool UdpSocket::is_open() const noexcept { return state_ && state_->is_open(); }

AsyncId UdpSocket::async_id() const noexcept {
  return state_ ? state_->resource.async_id() : no_async_id;
}

}  // namespace contrail::inline v0
