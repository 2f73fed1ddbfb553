// A traced HTTP server. Given a port it stays up for curl; without one it asks itself once.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>
#include <cstdlib>
#include <string>

using namespace contrail;
using namespace std::chrono_literals;

Promise<> handle(http::Request request, http::Response response) {
  co_await sleep(1ms);  // Or a database, or another server.
  response.headers().set("Content-Type", "text/plain");
  response.end(fmt::format("you asked for {}\n", request.path()));
}

Promise<> ask_itself(http::Server& server) {
  TcpSocket socket = co_await TcpSocket::connect(server.address());
  co_await socket.write("GET /hello HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  std::string answer;
  std::array<std::byte, 4096> buffer;
  while (const std::size_t count = co_await socket.read(buffer)) {
    answer += as_text(std::span(buffer).first(count));
  }
  fmt::print("{}\n", answer.substr(0, answer.find("\r\n")));
  fmt::print("{}", answer.substr(answer.find("\r\n\r\n") + 4));
  server.close();
}

int main(int argc, char** argv) {
  const auto port = static_cast<std::uint16_t>(argc > 1 ? std::atoi(argv[1]) : 0);
  Loop loop;
  hooks::ChromeTrace trace("06_http_server.trace.json");
  http::Server server(handle);
  server.listen(SocketAddress::loopback(port));
  if (port == 0) ask_itself(server).detach();
  loop.run();
}
