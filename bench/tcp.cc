// Messages over TCP, there and back: what a TcpSocket adds to the system calls that libuv makes.

#include "contrail/tcp.h"

#include <array>
#include <deque>
#include <string>
#include <vector>

#include "bench/listener.h"
#include "bench/raw_libuv/raw_libuv.h"
#include "bench/surroundings.h"

namespace contrail::bench {
namespace {

constexpr int message_bytes = 64;
const std::string message(message_bytes, 'x');

/// Fewer on each connection the more there are.
int rounds_for(std::int64_t connections) { return connections == 1 ? 1000 : 50; }

/// As many connections as asked for, accepted ones first to be connected.
class Connections {
 public:
  Connections(Loop& loop, std::int64_t count) {
    TcpServer server([&](TcpSocket socket) { add(loop, accepted, std::move(socket), count); });
    server.listen(SocketAddress::loopback());
    for (std::int64_t i = 0; i < count; ++i) {
      TcpSocket::connect(server.address(), [&](Result<TcpSocket> socket) {
        add(loop, clients, std::move(*socket), count);
      });
    }
    loop.run();
  }

  std::vector<TcpSocket> accepted;
  std::vector<TcpSocket> clients;

 private:
  void add(Loop& loop, std::vector<TcpSocket>& to, TcpSocket socket, std::int64_t count) {
    socket.set_no_delay();
    to.push_back(std::move(socket));
    if (accepted.size() + clients.size() == 2 * static_cast<std::size_t>(count)) loop.stop();
  }
};

/// One that asks, and asks again when it is answered.
class Client {
 public:
  Client(TcpSocket& socket, int& playing) : socket_(socket), playing_(playing) {
    socket_.on_data([this](auto chunk) { hear(chunk->size()); });
  }

  void play(int rounds) {
    rounds_left_ = rounds;
    ask();
  }

 private:
  void ask() {
    bytes_left_ = message_bytes;
    socket_.write(message, [](auto) {});
  }
  void hear(std::size_t size) {
    bytes_left_ -= size;
    if (bytes_left_ > 0) return;
    if (--rounds_left_ > 0) return ask();
    if (--playing_ == 0) Loop::current().stop();
  }

  TcpSocket& socket_;
  int& playing_;
  int rounds_left_ = 0;
  std::size_t bytes_left_ = 0;
};

void echo(benchmark::State& state, bool heard) {
  Surroundings surroundings(0);
  const Listener listener(heard);
  const int rounds = rounds_for(state.range(0));
  Connections connections(surroundings.loop, state.range(0));
  for (TcpSocket& socket : connections.accepted) {
    socket.on_data([&socket](auto chunk) { socket.write(*chunk, [](auto) {}); });
  }
  int playing = 0;
  std::deque<Client> clients;
  for (TcpSocket& socket : connections.clients) clients.emplace_back(socket, playing);
  for (auto _ : state) {
    playing = static_cast<int>(state.range(0));
    for (Client& client : clients) client.play(rounds);
    surroundings.loop.run();
  }
  count_operations(state, state.range(0) * rounds);
}

void in_callbacks_unheard(benchmark::State& state) { echo(state, false); }
BENCHMARK(in_callbacks_unheard)->ArgName("connections")->Arg(1)->Arg(64);
void in_callbacks_heard(benchmark::State& state) { echo(state, true); }
BENCHMARK(in_callbacks_heard)->ArgName("connections")->Arg(1)->Arg(64);

using Chunk = std::array<std::byte, 512>;

Promise<> answer(TcpSocket& socket) {
  Chunk chunk;
  while (const std::size_t size = co_await socket.read(chunk)) {
    co_await socket.write(std::span(chunk).first(size));
  }
}

Promise<> ask(TcpSocket& socket, int rounds, int& playing) {
  Chunk chunk;
  while (rounds-- > 0) {
    co_await socket.write(message);
    for (std::size_t size = 0; size < message_bytes;) size += co_await socket.read(chunk);
  }
  if (--playing == 0) Loop::current().stop();
}

void echo_in_coroutines(benchmark::State& state, bool heard) {
  Surroundings surroundings(0);
  const Listener listener(heard);
  const int rounds = rounds_for(state.range(0));
  surroundings.loop.set_unhandled_rejections(UnhandledRejections::none);
  Connections connections(surroundings.loop, state.range(0));
  for (TcpSocket& socket : connections.accepted) answer(socket).detach();
  int playing = 0;
  for (auto _ : state) {
    playing = static_cast<int>(state.range(0));
    for (TcpSocket& socket : connections.clients) ask(socket, rounds, playing).detach();
    surroundings.loop.run();
  }
  count_operations(state, state.range(0) * rounds);
}

void in_coroutines_unheard(benchmark::State& state) { echo_in_coroutines(state, false); }
BENCHMARK(in_coroutines_unheard)->ArgName("connections")->Arg(1)->Arg(64);
void in_coroutines_heard(benchmark::State& state) { echo_in_coroutines(state, true); }
BENCHMARK(in_coroutines_heard)->ArgName("connections")->Arg(1)->Arg(64);

void bare(benchmark::State& state) {
  const auto connections = static_cast<int>(state.range(0));
  const int rounds = rounds_for(connections);
  RawTcpEcho* echo = raw_tcp_echo_open(connections, message_bytes);
  for (auto _ : state) raw_tcp_echo_play(echo, rounds);
  raw_tcp_echo_close(echo);
  count_operations(state, state.range(0) * rounds);
}
BENCHMARK(bare)->ArgName("connections")->Arg(1)->Arg(64);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
