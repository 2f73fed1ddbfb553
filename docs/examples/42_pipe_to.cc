// A proxy in one line: each way at the pace of the slower end, and the end of one is the end of the
// other.
#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;

Promise<> proxy(TcpSocket client, SocketAddress upstream) {
  TcpSocket server = co_await TcpSocket::connect(upstream);
  co_await all(pipe_to(client, server), pipe_to(server, client));
}

Promise<> shout(TcpSocket socket) {
  StreamReader reader(socket);
  std::string text = co_await reader.read_all(1 << 20);
  for (char& letter : text) letter = static_cast<char>(std::toupper(letter));
  co_await socket.write(std::move(text));
}

Promise<> ask(SocketAddress proxy_address) {
  TcpSocket socket = co_await TcpSocket::connect(proxy_address);
  co_await socket.write("is anybody there?");
  co_await socket.shutdown();
  StreamReader reader(socket);
  fmt::print("{}\n", co_await reader.read_all(1 << 20));
}

int main() {
  Loop loop;
  TcpServer upstream([](TcpSocket socket) { shout(std::move(socket)).detach(); });
  upstream.listen(SocketAddress::loopback());
  TcpServer front([&](TcpSocket socket) { proxy(std::move(socket), upstream.address()).detach(); });
  front.listen(SocketAddress::loopback());
  ask(front.address()).then([&] { front.close(), upstream.close(); }).detach();
  loop.run();
}
