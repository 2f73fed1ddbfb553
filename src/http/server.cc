#include "contrail/http/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "contrail/loop.h"
#include "src/http/connection.h"
#include "src/http/server_state.h"

namespace contrail::inline v0::http {
namespace {

using namespace std::chrono_literals;

/// How often to look for those who take too long.
std::chrono::milliseconds watch_period(const ServerOptions& options) {
  std::chrono::milliseconds shortest = 4s;
  for (auto limit : {options.header_timeout, options.body_timeout, options.keep_alive_timeout,
                     options.write_timeout}) {
    if (limit > 0ms) shortest = std::min(shortest, limit);
  }
  return std::max(shortest / 4, 10ms);
}

}  // namespace

ServerState::~ServerState() { watch_.clear(); }

void ServerState::listen(const SocketAddress& at, const ListenOptions& listen_options,
                         CreationSite site) {
  if (listener) {
    throw Error(-EALREADY, "listen", at.to_string(),
                fmt::format("this server listens already, at {}", listener->address()));
  }
  TcpServer server([weak = weak_from_this()](TcpSocket socket) {
    if (auto self = weak.lock()) self->accept(std::move(socket));
  });
  server.listen(at, listen_options, site);
  listened_at = site;
  listener.emplace(std::move(server));
  on_shutdown.emplace([this] {
    stop_listening();
    close_idle();
  });
  closing = false;
}

void ServerState::accept(TcpSocket socket) {
  if (connections.size() >= options.connections_max) return;
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
  if (!listener) return;  // A hook that heard of the connection has closed the server.
  connections.push_front(connection);
  connection->place = connections.begin();
  if (connections.size() == 1) {
    watch_ = set_interval([this] { close_overdue(); }, watch_period(options)).unref();
  }
  connection->start();
}

void ServerState::remove(Connection& connection) noexcept {
  connections.erase(connection.place);
  if (connections.empty()) watch_.clear();
}

void ServerState::close_overdue() {
  const auto keep = shared_from_this();
  const auto now = Loop::current().now();
  std::vector<std::shared_ptr<Connection>> overdue;
  for (const auto& connection : connections) {
    if (connection->is_overdue(now)) overdue.push_back(connection);
  }
  for (const auto& connection : overdue) connection->time_out();
}

void ServerState::stop_listening() noexcept {
  listener.reset();
  on_shutdown.reset();
  closing = true;
}

void ServerState::close_idle() noexcept {
  const auto all = connections;
  for (const auto& connection : all) connection->close_if_idle();
}

void ServerState::close_all() noexcept {
  const Error error(-ECANCELED, "read");
  const auto all = connections;
  for (const auto& connection : all) connection->close(error);
}

Server::Server(Handler handler, ServerOptions options)
    : state_(std::make_shared<ServerState>(std::move(handler), options)) {}

Server::Server(Server&&) noexcept = default;

Server& Server::operator=(Server&& other) noexcept {
  if (this != &other) {
    Server gone(std::move(*this));
    state_ = std::move(other.state_);
  }
  return *this;
}

Server::~Server() {
  if (!state_) return;
  state_->stop_listening();
  state_->close_all();
}

ServerState& Server::state() const {
  if (!state_) die_moved_from("http::Server");
  return *state_;
}

Server& Server::listen(const SocketAddress& at, ListenOptions options, CreationSite site) {
  const auto keep = state().shared_from_this();  // A hook may destroy the Server.
  keep->listen(at, options, site);
  return *this;
}

void Server::close() noexcept {
  if (!state_) return;
  state().stop_listening();
  state().close_idle();
}

SocketAddress Server::address() const {
  if (!listening()) throw Error(-EBADF, "getsockname", {}, "this server does not listen");
  return state().listener->address();
}

bool Server::listening() const noexcept { return state().listener.has_value(); }
std::size_t Server::connections() const noexcept { return state().connections.size(); }

AsyncId Server::async_id() const noexcept {
  return listening() ? state().listener->async_id() : no_async_id;
}

void Server::watch(Promise<void> promise, std::shared_ptr<Exchange> exchange,
                   std::shared_ptr<void> handler) {
  // Only an observer, so that the loop hears of what is nobody else's business in the context, and
  // with the id, of the promise that failed.
  detail::observe(detail::state_of(promise),
                  [exchange = std::move(exchange),
                   handler = std::move(handler)](detail::PromiseState<void>& outcome) {
                    if (outcome.rejected() && exchange->handler_failed(outcome.error())) {
                      outcome.handle();
                    }
                  });
}

}  // namespace contrail::inline v0::http
