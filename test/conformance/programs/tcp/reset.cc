// A client that resets its connection.
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
    socket->close_reset();
  });
  loop.run();
  trace.print();
}
