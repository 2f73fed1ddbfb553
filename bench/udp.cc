// Datagrams, there and back: what a UdpSocket adds to the system calls that libuv makes for it.

#include "contrail/udp.h"

#include <uv.h>

#include <memory>
#include <string_view>

#include "bench/surroundings.h"
#include "contrail/async_hook.h"

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
      left_.unref();
      right_.unref();
    });
    right_.on_message([this](Result<Datagram> message) { answer(right_, *message); });
  }

  void play(Loop& loop) {
    left_over_ = rounds;
    left_.ref();
    right_.ref();
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

void ping_pong(benchmark::State& state, AsyncHook* hook) {
  Surroundings surroundings(0);
  if (hook) hook->enable();
  PingPong game;
  for (auto _ : state) game.play(surroundings.loop);
  if (hook) hook->disable();
  count_operations(state, rounds);
}

void ping_pong_unheard(benchmark::State& state) { ping_pong(state, nullptr); }
BENCHMARK(ping_pong_unheard)->Unit(benchmark::kMillisecond);

void ping_pong_heard(benchmark::State& state) {
  AsyncHook hook({
      .init = [](const ResourceInfo&) {},
      .before = [](AsyncId) {},
      .after = [](AsyncId) {},
      .destroy = [](AsyncId) {},
      .promise_resolve = [](AsyncId) {},
  });
  ping_pong(state, &hook);
}
BENCHMARK(ping_pong_heard)->Unit(benchmark::kMillisecond);

/// The same on plain libuv.
class BarePingPong {
 public:
  BarePingPong() {
    uv_loop_init(&loop_);
    for (uv_udp_t* socket : {&left_, &right_}) open(*socket);
  }
  BarePingPong(const BarePingPong&) = delete;
  BarePingPong& operator=(const BarePingPong&) = delete;
  ~BarePingPong() {
    for (uv_udp_t* socket : {&left_, &right_}) {
      uv_close(reinterpret_cast<uv_handle_t*>(socket), nullptr);
    }
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  void play() {
    left_over_ = rounds;
    for (uv_udp_t* socket : {&left_, &right_}) uv_ref(reinterpret_cast<uv_handle_t*>(socket));
    sockaddr_storage to;
    int size = sizeof to;
    uv_udp_getsockname(&right_, reinterpret_cast<sockaddr*>(&to), &size);
    send(&left_, ping.data(), ping.size(), reinterpret_cast<const sockaddr*>(&to));
    uv_run(&loop_, UV_RUN_DEFAULT);
  }

 private:
  void open(uv_udp_t& socket) {
    uv_udp_init(&loop_, &socket);
    socket.data = this;
    uv_udp_bind(&socket, SocketAddress::loopback().native(), 0);
    uv_udp_recv_start(
        &socket,
        [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
          auto& self = *static_cast<BarePingPong*>(handle->data);
          *buffer = uv_buf_init(self.buffer_, sizeof self.buffer_);
        },
        [](uv_udp_t* handle, ssize_t count, const uv_buf_t* buffer, const sockaddr* from,
           unsigned) {
          if (!from || count < 0) return;
          auto& self = *static_cast<BarePingPong*>(handle->data);
          if (handle == &self.left_ && --self.left_over_ == 0) return self.rest();
          send(handle, buffer->base, static_cast<std::size_t>(count), from);
        });
  }
  void rest() {
    for (uv_udp_t* socket : {&left_, &right_}) uv_unref(reinterpret_cast<uv_handle_t*>(socket));
  }
  static void send(uv_udp_t* socket, const char* data, std::size_t size, const sockaddr* to) {
    const uv_buf_t buffer{const_cast<char*>(data), size};
    uv_udp_try_send(socket, &buffer, 1, to);
  }

  uv_loop_t loop_{};
  uv_udp_t left_{};
  uv_udp_t right_{};
  int left_over_ = 0;
  char buffer_[64 * 1024];
};

void ping_pong_bare(benchmark::State& state) {
  auto game = std::make_unique<BarePingPong>();
  for (auto _ : state) game->play();
  count_operations(state, rounds);
}
BENCHMARK(ping_pong_bare)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
