// A server that crashes at work for a client: its crash handler says for whom, and how it got
// there. tools/pictures draws what it prints.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>
#include <string>

using namespace contrail;
using namespace std::chrono_literals;

namespace {

AsyncLocalStorage<std::string> user({.name = "user"});
AsyncLocalStorage<int> request_id({.name = "request"});

int parse(const int* settings) { return *settings; }

Promise<> handle(TcpSocket socket) {
  std::array<std::byte, 64> question;
  co_await socket.read(question);
  co_await fs::stat("/etc/hostname");
  const volatile bool loaded = false;  // What a configuration lacks.
  const int settings = 1;
  fmt::print("{}\n", parse(loaded ? &settings : nullptr));
}

Promise<> ask(SocketAddress server) {
  TcpSocket socket = co_await TcpSocket::connect(server);
  co_await socket.write("hello");
  co_await sleep(1s);
}

}  // namespace

int main() {
  hooks::install_crash_handler({.native_stack = false});  // A picture has no room for it.
  const auto shown_user = hooks::context_field("user", user);
  const auto shown_request = hooks::context_field("request", request_id);

  Loop loop;
  int requests = 0;
  TcpServer server([&](TcpSocket socket) {
    user.run("ada",
             [&] { request_id.run(++requests, [&] { handle(std::move(socket)).detach(); }); });
  });
  server.listen(SocketAddress::loopback());
  set_timeout([&] { ask(server.address()).detach(); }, 10ms);
  loop.run();
}
