// SIGTERM ends a server after the requests that are under way.

#include <contrail/contrail.h>
#include <fmt/core.h>
#include <uv.h>

#include <array>
#include <csignal>
#include <string>
#include <utility>

using namespace contrail;
using namespace std::chrono_literals;

/// Calls fn at each signal of that number. Does not keep the loop running.
class Signal {
 public:
  Signal(int number, Function<void()> fn) : fn_(std::move(fn)), handle_(new uv_signal_t) {
    uv_signal_init(Loop::current().native(), handle_);
    handle_->data = this;
    uv_signal_start(handle_, arrived, number);
    uv_unref(reinterpret_cast<uv_handle_t*>(handle_));
  }
  Signal(const Signal&) = delete;  // libuv refers to this object.
  Signal& operator=(const Signal&) = delete;
  ~Signal() {
    auto* handle = reinterpret_cast<uv_handle_t*>(handle_);
    uv_close(handle, [](uv_handle_t* closed) { delete reinterpret_cast<uv_signal_t*>(closed); });
  }

 private:
  static void arrived(uv_signal_t* handle, int) {
    auto* self = static_cast<Signal*>(handle->data);
    Loop::current().make_callback(self->resource_, [self] { self->fn_(); });
  }

  Function<void()> fn_;
  uv_signal_t* handle_;
  AsyncResource resource_{"Signal"};
};

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

int main() {
  Loop loop;
  http::Server server(handle);
  server.listen(SocketAddress::loopback());
  Signal terminate(SIGTERM, [&] {
    fmt::print("no more requests\n");
    server.close();  // Idle connections end now, the others with their response.
  });
  ask(server.address()).detach();
  loop.run();
  fmt::print("stopped\n");
}
