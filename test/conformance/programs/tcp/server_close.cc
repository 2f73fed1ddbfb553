// A server that closes with its first connection, which goes on.
#include <optional>

#include "contrail/loop.h"
#include "contrail/tcp.h"
#include "contrail/timers.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  std::optional<TcpSocket> socket;
  TcpServer server([&](TcpSocket accepted) {
    server.close();
    socket.emplace(std::move(accepted));
    socket->on_data([&](auto) { socket->close(); });
    set_immediate([&] { set_immediate([&] { socket->write("hello", [](auto) {}); }); });
  });
  server.listen(SocketAddress::loopback());
  say(fmt::format("port {}", server.address().port()));
  loop.run();
  trace.print();
}
