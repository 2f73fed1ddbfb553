// Datagrams, there and back: what a UdpSocket adds to the system calls that libuv makes for it.

#include "contrail/udp.h"

#include <string_view>

#include "bench/listener.h"
#include "bench/raw_libuv/raw_libuv.h"
#include "bench/surroundings.h"

namespace contrail::bench {
namespace {

constexpr int rounds = 1000;
constexpr std::string_view ping = "ping";

/// Two sockets that answer each other until there were enough rounds.
class PingPong {
 public:
  PingPong() {
    for (UdpSocket* socket : {&left_, &right_}) socket->bind(SocketAddress::loopback());
    left_.on_message([this](Result<Datagram> message) {
      if (--left_over_ > 0) return answer(left_, *message);
      Loop::current().stop();
    });
    right_.on_message([this](Result<Datagram> message) { answer(right_, *message); });
  }

  void play(Loop& loop) {
    left_over_ = rounds;
    left_.send(ping, right_.address(), [](auto) {});
    loop.run();
  }

 private:
  static void answer(UdpSocket& socket, const Datagram& message) {
    socket.send(as_text(message.bytes), message.from, [](auto) {});
  }

  UdpSocket left_;
  UdpSocket right_;
  int left_over_ = 0;
};

void ping_pong(benchmark::State& state, bool heard) {
  Surroundings surroundings(0);
  const Listener listener(heard);
  PingPong game;
  for (auto _ : state) game.play(surroundings.loop);
  count_operations(state, rounds);
}

void ping_pong_unheard(benchmark::State& state) { ping_pong(state, false); }
BENCHMARK(ping_pong_unheard);
void ping_pong_heard(benchmark::State& state) { ping_pong(state, true); }
BENCHMARK(ping_pong_heard);

void ping_pong_bare(benchmark::State& state) {
  RawUdpPingPong* game = raw_udp_ping_pong_open(ping.size());
  for (auto _ : state) raw_udp_ping_pong_play(game, rounds);
  raw_udp_ping_pong_close(game);
  count_operations(state, rounds);
}
BENCHMARK(ping_pong_bare);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
