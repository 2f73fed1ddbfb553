#include "contrail/tcp.h"

#include <sys/socket.h>

#include <algorithm>
#include <vector>

#include "contrail/microtask.h"
#include "src/io/address_lookup.h"
#include "src/io/tcp_state.h"
#include "src/loop/request.h"

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

TcpState::TcpState(const SocketAddress& remote)
    : details{remote, false}, its_resource(tcp_type, AnyRef::to(details)) {
  uv_tcp_init(loop().uv, &tcp);  // Without a family it cannot fail: no socket is made yet.
  opened(&tcp);
}

TcpState::TcpState(uv_stream_t* listener, AsyncId server)
    : details(accept_from(listener)),
      its_resource(tcp_type, {.trigger_async_id = server, .details = AnyRef::to(details)}) {}

TcpSocket::Details TcpState::accept_from(uv_stream_t* listener) {
  uv_tcp_init(loop().uv, &tcp);
  opened(&tcp);
  accept_status = uv_accept(listener, stream());
  try {
    return {address_of(tcp, uv_tcp_getpeername), true};
  } catch (const Error&) {
    return {SocketAddress(), true};  // Gone already: reading will say so.
  }
}

}  // namespace detail

using detail::StreamHandle;
using detail::TcpState;

/// One attempt to connect, or several: the addresses of a name, one after the other.
struct TcpConnect {
  struct Request : detail::RequestState<uv_connect_t> {
    Request(StreamHandle socket, std::vector<SocketAddress> others, Callback<TcpSocket> callback)
        : state(std::move(socket)),
          rest(std::move(others)),
          fn(std::move(callback)),
          resource(resource_types::tcp_connect,
                   {.trigger_async_id = state->resource().async_id()}) {}

    StreamHandle state;
    std::vector<SocketAddress> rest;  ///< To try next, the last one first.
    Callback<TcpSocket> fn;
    AsyncResource resource;
  };

  static void start(StreamHandle state, const SocketAddress& to, std::vector<SocketAddress> rest,
                    Callback<TcpSocket> fn) {
    auto& tcp = static_cast<TcpState&>(*state);
    tcp.details.remote = to;
    auto request = std::make_unique<Request>(std::move(state), std::move(rest), std::move(fn));
    const int status = Request::submit(request, [&](uv_connect_t* submitted) {
      return uv_tcp_connect(submitted, &tcp.tcp, to.native(), [](uv_connect_t* done, int result) {
        auto self = Request::take<Request>(done);
        detail::run_callback(self->resource, [&] { finish(*self, result); });
      });
    });
    if (status < 0) {
      next_tick([request = std::move(request), status] { finish(*request, status); });
    }
  }

  static void finish(Request& request, int status) {
    if (status >= 0) return request.fn(TcpSocket(std::move(request.state)));
    if (request.rest.empty()) {
      Error failure = request.state->error(status, "connect");
      request.state = nullptr;  // Closes before the caller hears.
      return request.fn(std::move(failure));
    }
    request.state->given_up = true;
    const SocketAddress next = request.rest.back();
    request.rest.pop_back();
    start(StreamHandle(new TcpState(next)), next, std::move(request.rest), std::move(request.fn));
  }

  static void look_up(std::string_view host, std::uint16_t port, Callback<TcpSocket> fn) {
    StreamHandle state(new TcpState(SocketAddress()));
    const AsyncId socket = state->resource().async_id();
    detail::AddressLookup::start(
        host, {.port = port}, socket,
        [state = std::move(state), fn = std::move(fn)](auto found) mutable {
          found_addresses(std::move(state), std::move(found), std::move(fn));
        });
  }

  static void found_addresses(StreamHandle state, Result<std::vector<SocketAddress>> found,
                              Callback<TcpSocket> fn) {
    if (!found) {
      state = nullptr;
      return fn(found.error());
    }
    std::reverse(found->begin(), found->end());
    const SocketAddress first = found->back();
    found->pop_back();
    start(std::move(state), first, std::move(*found), std::move(fn));
  }

  template <class Start>
  static Promise<TcpSocket> promised(Start start) {
    auto [promise, resolver] = Promise<TcpSocket>::with_resolver();
    start([resolver = std::move(resolver)](Result<TcpSocket> result) mutable {
      resolver.settle(std::move(result));
    });
    return std::move(promise);
  }
};

Promise<TcpSocket> TcpSocket::connect(const SocketAddress& to) {
  return TcpConnect::promised([&](Callback<TcpSocket> fn) { connect(to, std::move(fn)); });
}

void TcpSocket::connect(const SocketAddress& to, Callback<TcpSocket> fn) {
  TcpConnect::start(StreamHandle(new TcpState(to)), to, {}, std::move(fn));
}

Promise<TcpSocket> TcpSocket::connect(std::string_view host, std::uint16_t port) {
  return TcpConnect::promised([&](Callback<TcpSocket> fn) { connect(host, port, std::move(fn)); });
}

void TcpSocket::connect(std::string_view host, std::uint16_t port, Callback<TcpSocket> fn) {
  if (auto literal = detail::literal_address(host, port)) return connect(*literal, std::move(fn));
  if (auto refused = detail::AddressLookup::refusal(host)) {
    return next_tick([fn = std::move(fn), error = std::move(*refused)]() mutable { fn(error); });
  }
  TcpConnect::look_up(host, port, std::move(fn));
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
