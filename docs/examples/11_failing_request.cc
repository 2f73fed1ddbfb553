// A handler fails. The log says which request it was, its client gets a 500, the server goes on.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using namespace contrail;
using namespace std::chrono_literals;

AsyncLocalStorage<std::string> request_id;

Promise<> answer(http::Request request, http::Response response) {
  co_await sleep(1ms);
  if (request.path() == "/broken") throw std::runtime_error("out of luck");
  response.end("fine\n");
}

Promise<> handle(http::Request request, http::Response response) {
  std::string id(request.headers().get("x-request-id").value_or("unnamed"));
  return request_id.run(std::move(id), answer, std::move(request), std::move(response));
}

void log_failure(std::exception_ptr failure) {
  const std::string* id = request_id.get_store();
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& error) {
    fmt::print("request {}: {}\n", id ? *id : "none", error.what());
  }
}

Promise<> ask(SocketAddress server, std::string_view path, std::string_view id) {
  TcpSocket socket = co_await TcpSocket::connect(server);
  co_await socket.write(fmt::format(
      "GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-request-id: {}\r\n\r\n", path,
      id));
  std::string answer;
  std::array<std::byte, 4096> buffer;
  while (const std::size_t count = co_await socket.read(buffer)) {
    answer += as_text(std::span(buffer).first(count));
  }
  fmt::print("{}: {}\n", id, answer.substr(0, answer.find("\r\n")));
}

Promise<> ask_twice(http::Server& server) {
  co_await ask(server.address(), "/broken", "one");
  co_await ask(server.address(), "/whole", "two");
  server.close();
}

int main() {
  Loop loop;
  loop.on_uncaught_exception(log_failure);
  http::Server server(handle);
  server.listen(SocketAddress::loopback());
  ask_twice(server).detach();
  loop.run();
}
