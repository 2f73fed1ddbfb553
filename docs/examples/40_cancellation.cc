// Deadlines and cancellation: what is no longer wanted ends, however deep it is.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <array>
#include <stop_token>

using namespace contrail;
using namespace std::chrono_literals;

Promise<std::string> hear(Pipe& from) {
  std::array<std::byte, 64> buffer;
  const std::size_t size = co_await from.read(buffer);
  co_return std::string(as_text(std::span(buffer).first(size)));
}

Promise<> listen(Pipe& silent, std::stop_source& source) {
  try {
    co_await with_timeout(hear(silent), 10ms);
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }

  Promise<> nap = sleep(1h, source.get_token());
  source.request_stop();
  try {
    co_await nap;
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }
}

int main() {
  Loop loop;
  auto [silent, other] = Pipe::pair();
  std::stop_source source;
  listen(silent, source).detach();
  loop.run();
}
