// SIGTERM ends a server after the requests that are under way, or after five seconds.

#include <contrail/contrail.h>
#include <contrail/format.h>
#include <fmt/core.h>

#include <array>
#include <csignal>
#include <string>

using namespace contrail;
using namespace std::chrono_literals;

Promise<> handle(http::Request, http::Response response) {
  std::raise(SIGTERM);  // In the middle of a request, as it would be.
  co_await sleep(20ms);
  response.end("done\n");
}

Promise<> ask(SocketAddress server) {
  TcpSocket socket = co_await TcpSocket::connect(server);
  co_await socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  std::string answer;
  std::array<std::byte, 4096> buffer;
  while (const std::size_t count = co_await socket.read(buffer)) {
    answer += as_text(std::span(buffer).first(count));
  }
  fmt::print("answered: {}", answer.substr(answer.find("\r\n\r\n") + 4));
}

Promise<> stop() {
  fmt::print("no more requests\n");
  const ShutdownReport report = co_await graceful_shutdown(5s);
  for (const ActiveResource& cut : report.cut_off) fmt::print("cut off: {}\n", cut);
}

int main() {
  Loop loop;
  http::Server server(handle);
  server.listen(SocketAddress::loopback());
  SignalWatcher terminate(SIGTERM, [](int) { stop().detach(); });
  ask(server.address()).detach();
  loop.run();
  fmt::print("stopped\n");
}
