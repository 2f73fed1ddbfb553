// A socket that is connected to where nobody is: the first send succeeds, and then the socket hears
// of it.
#include <optional>

#include "contrail/loop.h"
#include "contrail/timers.h"
#include "contrail/udp.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  UdpSocket socket;
  socket.on_message([&](Result<Datagram> message) {
    say(message.error().name());
    socket.close();
  });
  UdpSocket gone;
  gone.bind(SocketAddress::loopback());
  const SocketAddress nobody = gone.address();
  gone.on_close([&] {
    set_immediate([&] {
      socket.connect(nobody);
      socket.send("ping", [](Result<void> sent) { say(sent ? "sent" : "failed"); });
    });
  });
  gone.close();
  loop.run();
  trace.print();
}
