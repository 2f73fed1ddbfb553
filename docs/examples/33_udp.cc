// Datagrams: a socket that answers, and one that asks and waits for the answer.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>

using namespace contrail;

Promise<> ask(SocketAddress service) {
  UdpSocket socket;
  socket.connect(service);  // No packet is sent: it says whom to talk to.

  std::array<std::byte, 1024> buffer;
  const char* const questions[] = {"what is this?", "a message longer than the room for it"};
  for (const char* question : questions) {
    co_await socket.send(question);
    const Datagram answer = co_await socket.receive(buffer);
    fmt::print("{}\n", as_text(answer.bytes));
  }
}

Promise<> answer(UdpSocket& socket, int times) {
  std::array<std::byte, 16> buffer;
  while (times-- > 0) {
    const Datagram question = co_await socket.receive(buffer);
    const std::string text = fmt::format("you said: {}{}", as_text(question.bytes),
                                         question.truncated ? " and so on" : "");
    co_await socket.send(text, question.from);
  }
}

int main() {
  Loop loop;
  UdpSocket service;
  service.bind(SocketAddress::loopback());
  answer(service, 2).detach();
  ask(service.address()).detach();
  loop.run();
}
