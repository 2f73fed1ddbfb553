// A client that writes two parts, more than the system takes at once, as one write.
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
    const std::string half(8 << 20, 'x');
    socket->writev({half, half}, [&](auto) { socket->shutdown([](auto) {}); });
    say("go");
  });
  loop.run();
  trace.print();
}
