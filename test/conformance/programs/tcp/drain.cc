// A client that writes more than the system takes at once, and ends when that is drained.
#include <cstdlib>
#include <optional>

#include "contrail/loop.h"
#include "contrail/tcp.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main(int, char** arguments) {
  Loop loop;
  ProgramTrace trace;
  std::optional<TcpSocket> socket;
  const auto port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
  TcpSocket::connect(SocketAddress::loopback(port), [&](Result<TcpSocket> connected) {
    socket.emplace(std::move(*connected));
    socket->on_data([&](Result<std::span<const std::byte>> chunk) {
      if (chunk->empty()) socket->close();
    });
    socket->on_drain([&] {
      say("drain");
      socket->shutdown([](auto) {});
    });
    socket->write(std::string(16 << 20, 'x'), [](auto) { say("written"); });
    if (socket->needs_drain()) say("go");
  });
  loop.run();
  trace.print();
}
