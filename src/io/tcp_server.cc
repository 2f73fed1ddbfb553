#include <fmt/core.h>
#include <sys/socket.h>

#include <deque>
#include <memory>
#include <optional>

#include "contrail/tcp.h"
#include "src/io/tcp_state.h"

namespace contrail::inline v0 {
namespace {

inline constexpr ResourceType server_type{resource_types::tcp_server.name,
                                          &AnyRef::tag_of<TcpServer::Details>};
constexpr std::string_view not_listening = "this server does not listen";

}  // namespace

struct TcpServer::State final : detail::HandleState {
  void listen(const SocketAddress& at, const ListenOptions& options);
  void on_connection(int status);
  void report(const Error& failure);
  Promise<TcpSocket> accept();

  uv_stream_t* stream() noexcept { return reinterpret_cast<uv_stream_t*>(&tcp); }
  AsyncId async_id() const noexcept { return resource ? resource->async_id() : no_async_id; }
  const char* name() const noexcept override { return "TcpServer"; }
  TcpSocket accept_one();

  uv_tcp_t tcp{};
  Function<void(TcpSocket)> connection_fn;
  std::shared_ptr<Function<void(const Error&)>> error_fn;
  Function<void()> close_fn;
  std::deque<Resolver<TcpSocket>> waiters;  ///< accept() calls without a connection.
  std::size_t waiting = 0;                  ///< Connections without an accept() call.
  Details details;
  std::optional<AsyncResource> resource;  ///< Since listen().

 private:
  void closed() noexcept override;
};

void TcpServer::State::listen(const SocketAddress& at, const ListenOptions& options) {
  if (resource) {
    throw Error(UV_EALREADY, "listen", at.to_string(),
                is_open() ? fmt::format("this server listens already, at {}", details.local)
                          : "this server was closed: make another one");
  }
  const unsigned family = at.is_ipv6() ? AF_INET6 : AF_INET;
  if (int status = uv_tcp_init_ex(loop().uv, &tcp, family); status < 0) {
    throw Error(status, "socket", at.to_string());
  }
  opened(&tcp);
  details.local = at;
  resource.emplace(server_type, AnyRef::to(details));
  auto must = [&](int status, std::string_view syscall) {
    if (status >= 0) return;
    close();
    throw Error(status, syscall, at.to_string());
  };
  const unsigned flags = options.ipv6_only ? static_cast<unsigned>(UV_TCP_IPV6ONLY) : 0;
  must(uv_tcp_bind(&tcp, at.native(), flags), "bind");
  must(uv_listen(
           stream(), options.backlog,
           [](uv_stream_t* listener, int status) {
             static_cast<State*>(static_cast<HandleState*>(listener->data))->on_connection(status);
           }),
       "listen");
  sockaddr_storage name;
  int size = sizeof name;
  must(uv_tcp_getsockname(&tcp, reinterpret_cast<sockaddr*>(&name), &size), "getsockname");
  details.local = SocketAddress::from(reinterpret_cast<const sockaddr*>(&name));
}

/// The next connection, made by nobody and in no context, whoever may be calling. Throws Error if
/// there is none after all.
TcpSocket TcpServer::State::accept_one() {
  detail::Ground ground;
  auto* accepted = new detail::TcpState(stream(), async_id());
  TcpSocket socket{detail::StreamHandle(accepted)};
  if (accepted->accept_status < 0) throw Error(accepted->accept_status, "accept");
  return socket;
}

void TcpServer::State::on_connection(int status) {
  detail::CallbackScope scope;
  if (detail::hot.tearing_down) return;
  std::optional<TcpSocket> socket;
  if (status >= 0) {
    if (!connection_fn && waiters.empty()) {
      ++waiting;
      return;
    }
    try {
      socket.emplace(accept_one());
    } catch (const Error& failure) {
      status = failure.code().value();
    }
  }
  scope.call(*resource, [&] {
    if (!is_open()) return;  // A hook has closed it. The connection goes with the socket.
    if (!socket) {
      report(Error(status, "accept", details.local.to_string()));
    } else if (!waiters.empty()) {
      Resolver<TcpSocket> waiter = std::move(waiters.front());
      waiters.pop_front();
      waiter.resolve(std::move(*socket));
    } else {
      connection_fn(std::move(*socket));
    }
  });
}

void TcpServer::State::report(const Error& failure) {
  if (auto fn = error_fn) (*fn)(failure);  // Held here: it may replace or remove itself.
}

Promise<TcpSocket> TcpServer::State::accept() {
  if (!resource || !is_open()) {
    return Promise<TcpSocket>::reject(Error(UV_EBADF, "accept", {}, not_listening));
  }
  if (waiting > 0) {
    --waiting;
    try {
      return Promise<TcpSocket>::resolve(accept_one());
    } catch (const Error& failure) {
      if (failure.code().value() != UV_EAGAIN) return Promise<TcpSocket>::reject(failure);
    }
  }
  auto [promise, resolver] = Promise<TcpSocket>::with_resolver();
  waiters.push_back(std::move(resolver));
  return std::move(promise);
}

void TcpServer::State::closed() noexcept {
  detail::CallbackScope scope;
  for (auto& waiter : waiters) {
    waiter.reject(Error(UV_ECANCELED, "accept", details.local.to_string()));
  }
  if (close_fn && !detail::hot.tearing_down) {
    // Only connections are callbacks of the server itself; in Node its close is a tick.
    detail::FrameScope frame(resource->context_frame());
    loop().tasks.add_tick(std::move(close_fn), async_id());
  }
  waiters.clear();
  connection_fn = nullptr;
  error_fn = nullptr;
  close_fn = nullptr;
  resource->emit_destroy();
  resource->release_context();
}

void TcpServer::CloseState::operator()(State* state) const noexcept { state->let_go(); }

TcpServer::TcpServer(Function<void(TcpSocket)> on_connection) : state_(new State) {
  state_->connection_fn = std::move(on_connection);
}
TcpServer::TcpServer(TcpServer&&) noexcept = default;
TcpServer& TcpServer::operator=(TcpServer&&) noexcept = default;
TcpServer::~TcpServer() = default;

TcpServer::State& TcpServer::state() const {
  if (!state_) detail::die_moved_from("TcpServer");
  state_->check_thread();
  return *state_;
}

/// The address could not be had; the next one may be. libuv still has to close the old handle.
void TcpServer::start_over() {
  std::unique_ptr<State, CloseState> next(new State);
  next->connection_fn = std::move(state_->connection_fn);
  next->error_fn = std::move(state_->error_fn);
  next->close_fn = std::move(state_->close_fn);
  state_ = std::move(next);
}

TcpServer& TcpServer::listen(const SocketAddress& at, ListenOptions options) {
  try {
    state().listen(at, options);
  } catch (const Error&) {
    if (!state_->is_open()) start_over();
    throw;
  }
  return *this;
}

Promise<TcpSocket> TcpServer::accept() { return state().accept(); }
void TcpServer::on_error(Function<void(const Error&)> fn) {
  using Shared = Function<void(const Error&)>;
  state().error_fn = fn ? std::make_shared<Shared>(std::move(fn)) : nullptr;
}
void TcpServer::on_close(Function<void()> fn) { state().close_fn = std::move(fn); }
void TcpServer::close() noexcept {
  if (state_) state_->close();
}

SocketAddress TcpServer::address() const {
  const State& server = state();
  if (!server.resource || !server.is_open()) {
    throw Error(UV_EBADF, "getsockname", {}, not_listening);
  }
  return server.details.local;
}

AsyncId TcpServer::async_id() const noexcept { return state_ ? state_->async_id() : no_async_id; }

}  // namespace contrail::inline v0
