// Names and addresses: what the system knows of them, asked on its threads.

#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;

Promise<> program() {
  const LookupOptions web{.family = AddressFamily::ipv4, .port = 80};
  for (const SocketAddress& address : co_await lookup("localhost", web)) {
    fmt::print("localhost is {}\n", address);
  }

  // Numbers are read as they are, in all the forms the system knows.
  const LookupOptions numbers{.numeric_only = true};
  const std::vector<SocketAddress> read = co_await lookup("127.1", numbers);
  fmt::print("127.1 is {}\n", read.front().ip());

  const HostAndService called = co_await reverse_lookup(SocketAddress::loopback(22));
  fmt::print("127.0.0.1 is {}\n", called.host);

  try {
    co_await lookup("");
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }
}

int main() {
  Loop loop;
  program().detach();
  loop.run();
}
