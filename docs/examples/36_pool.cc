// A connection to a server, shared by many requests: each waits its turn, and goes on in a
// context of its own.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>

using namespace contrail;

AsyncLocalStorage<int> request;

Promise<> echo(TcpSocket socket) {
  std::array<std::byte, 64> buffer;
  for (;;) {
    const std::size_t size = co_await socket.read(buffer);
    if (size == 0) break;
    std::string text(as_text(std::span(buffer).first(size)));
    co_await socket.write(std::move(text));
  }
}

Promise<> ask(Pool<TcpSocket>& pool) {
  const Lease<TcpSocket> socket = co_await pool.acquire();
  co_await socket->write("hello");
  std::array<std::byte, 64> answer;
  const std::size_t size = co_await socket->read(answer);
  fmt::print("request {}: {}\n", *request.get_store(), as_text(std::span(answer).first(size)));
}

Promise<> ask_often(Pool<TcpSocket>& pool, TcpServer& server) {
  std::vector<Promise<>> all;
  for (int number = 1; number <= 3; ++number) {
    all.push_back(request.run(number, [&] { return ask(pool); }));
  }
  co_await contrail::all(std::move(all));
  fmt::print("{} connection, {} idle\n", pool.size(), pool.idle());
  co_await pool.drain();
  server = TcpServer();
}

int main() {
  Loop loop;
  TcpServer server([](TcpSocket socket) { echo(std::move(socket)).detach(); });
  server.listen(SocketAddress::loopback());
  Pool<TcpSocket> pool({.make = [to = server.address()] { return TcpSocket::connect(to); },
                        .max_size = 1,
                        .idle_timeout = std::chrono::seconds(30)});
  ask_often(pool, server).detach();
  loop.run();
}
