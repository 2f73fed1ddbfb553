// A server that gives back what it gets, once.
#include <optional>

#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/tcp.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  std::optional<TcpSocket> socket;
  TcpServer server([&](TcpSocket accepted) {
    socket.emplace(std::move(accepted));
    socket->on_close([&] { server.close(); });
    socket->on_data([&](Result<std::span<const std::byte>> chunk) {
      if (!chunk->empty()) return socket->write(std::string(as_text(*chunk)), [](auto) {});
      // Node's streams take a tick from the last read to 'end'.
      next_tick([&] { socket->shutdown([&](auto) { socket->close(); }); });
    });
  });
  server.listen(SocketAddress::loopback());
  say(fmt::format("port {}", server.address().port()));
  loop.run();
  trace.print();
}
