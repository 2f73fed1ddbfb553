// Who caused whom: a tree of what a server did for its clients.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <optional>
#include <regex>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  const hooks::TriggerGraph graph({.track_promises = false});

  std::optional<TcpServer> server;
  int served = 0;
  server.emplace([&](TcpSocket) {
    set_timeout(
        [&] {
          if (++served == 3) server.reset();
        },
        1ms);
  });
  server->listen(SocketAddress::loopback());
  for (int i = 0; i < 3; ++i) {
    TcpSocket::connect(server->address(), [](const Result<TcpSocket>&) {});
  }
  loop.run();

  // Files without their folders, so that it reads the same everywhere.
  fmt::print("{}", std::regex_replace(graph.tree(), std::regex(" at [^ ]*/"), " at "));
}
