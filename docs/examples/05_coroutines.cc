// An echo server and its client, as coroutines. Each owns its socket, which closes with it.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>
#include <string>
#include <utility>

using namespace contrail;

Promise<> echo(TcpSocket socket) {
  std::array<std::byte, 4096> buffer;
  while (const std::size_t count = co_await socket.read(buffer)) {
    co_await socket.write(std::span(buffer).first(count));
  }
}

Promise<> serve(TcpServer server, int connections) {
  while (connections-- > 0) echo(co_await server.accept()).detach();
}

Promise<std::string> ask(SocketAddress server, std::string text) {
  TcpSocket socket = co_await TcpSocket::connect(server);
  co_await socket.write(std::move(text));
  co_await socket.shutdown();

  std::string answer;
  std::array<std::byte, 4096> buffer;
  while (const std::size_t count = co_await socket.read(buffer)) {
    answer += as_text(std::span(buffer).first(count));
  }
  co_return answer;
}

Promise<> talk(SocketAddress server) {
  fmt::print("{}\n", co_await ask(server, "hello"));
  auto [one, two] = co_await all(ask(server, "these two are"), ask(server, "under way together"));
  fmt::print("{} {}\n", one, two);
}

int main() {
  Loop loop;
  TcpServer server;
  server.listen(SocketAddress::loopback());
  const SocketAddress address = server.address();
  serve(std::move(server), 3).detach();
  talk(address).detach();
  loop.run();
}
