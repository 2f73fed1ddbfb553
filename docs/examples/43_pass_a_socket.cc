// A parent that accepts, and a child that serves: the connections go over a pipe between them.
#include <contrail/contrail.h>
#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

using namespace contrail;

Promise<> serve_what_comes(Pipe pipe) {
  std::array<std::byte, 64> buffer;
  while (co_await pipe.read(buffer) > 0) {
    for (auto next = pipe.receive(); next.index() != 0; next = pipe.receive()) {
      co_await std::get<TcpSocket>(next).write("served by the child\n");
    }
  }
}

Promise<> hand_over(Pipe pipe, TcpServer& server) {
  co_await pipe.send("a client", co_await server.accept());
  server.close();
}

Promise<> ask(SocketAddress address) {
  TcpSocket socket = co_await TcpSocket::connect(address);
  StreamReader reader(socket);
  fmt::print("{}", co_await reader.read_all(100));
}

int main() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return 1;
  const bool is_child = ::fork() == 0;
  ::close(ends[is_child ? 0 : 1]);
  Loop loop;
  const PipeOptions options{.passes_streams = true};
  Pipe pipe = Pipe::from_descriptor(ends[is_child ? 1 : 0], options);
  TcpServer server;
  if (is_child) {
    serve_what_comes(std::move(pipe)).detach();
  } else {
    server.listen(SocketAddress::loopback());
    hand_over(std::move(pipe), server).detach();
    ask(server.address()).detach();
  }
  loop.run();
  if (!is_child) ::wait(nullptr);
}
