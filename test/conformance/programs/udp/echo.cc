// A socket that gives back what it gets, once, and one that asks it to.
#include "contrail/loop.h"
#include "contrail/udp.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  UdpSocket server;
  UdpSocket client;
  server.on_message([&](Result<Datagram> message) {
    server.send(as_text(message->bytes), message->from, [&](auto) { server.close(); });
  });
  client.on_message([&](auto) { client.close(); });
  server.bind(SocketAddress::loopback());
  client.bind(SocketAddress::loopback());
  client.send("ping", server.address(), [](auto) {});
  loop.run();
  trace.print();
}
