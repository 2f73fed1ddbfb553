#pragma once

#include <list>
#include <memory>
#include <optional>

#include "contrail/graceful_shutdown.h"
#include "contrail/http/server.h"
#include "contrail/timers.h"
#include "src/http/date_line.h"

namespace contrail::inline v0::http {

class Connection;

/// What a Server has and its connections share. They keep it until they are closed.
struct ServerState : std::enable_shared_from_this<ServerState> {
  ServerState(Server::Handler fn, const ServerOptions& limits)
      : handler(std::move(fn)), options(limits) {}
  ~ServerState();

  void listen(const SocketAddress& at, const ListenOptions& listen_options, CreationSite site);
  void stop_listening() noexcept;
  void close_idle() noexcept;
  void close_all() noexcept;
  void remove(Connection& connection) noexcept;

  Server::Handler handler;
  ServerOptions options;
  std::optional<TcpServer> listener;
  std::list<std::shared_ptr<Connection>> connections;
  DateLine date;
  CreationSite listened_at;
  std::optional<OnShutdown> on_shutdown;  ///< While it listens.
  bool closing = false;                   ///< close() was called since listen().

 private:
  void accept(TcpSocket socket);
  void close_overdue();

  Timeout watch_;  ///< Runs while there are connections.
};

}  // namespace contrail::inline v0::http
