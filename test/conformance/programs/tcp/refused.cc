// A client that nobody listens to.
#include <cstdlib>

#include "contrail/loop.h"
#include "contrail/tcp.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main(int, char** arguments) {
  Loop loop;
  ProgramTrace trace;
  const auto port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
  TcpSocket::connect(SocketAddress::loopback(port), [](Result<TcpSocket>) {});
  loop.run();
  trace.print();
}
