// Why is my loop still alive? What is open, grouped, and what caused it. The same on stderr, of any
// program that is running: start it with CONTRAIL_DEBUG=active, and kill -USR2 it.

#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  const hooks::AsyncStack recorded;  // Not needed, but then more is known: ages and causes.
  TcpServer server;
  server.listen(SocketAddress::loopback());
  SignalWatcher hangup(SIGHUP);
  set_immediate([&] {
    for (int i = 0; i < 3; ++i) set_timeout([] {}, 20ms);
  });
  set_timeout(
      [&] {
        for (const hooks::ActiveGroup& group : hooks::active_groups()) {
          fmt::print("{} {}, of which {} keep the loop alive; from", group.count, group.type,
                     group.with_ref);
          for (const hooks::AsyncFrame& frame : group.oldest) fmt::print(" {}", frame.type);
          fmt::print("\n");
        }
        server.close();
      },
      1ms);
  loop.run();
}
