// How a library that does its own input and output joins the loop: it says which descriptor it
// waits for, and is called when that is ready.

#include <contrail/contrail.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>

using namespace contrail;

/// The library, as libpq and its like are: it reads by itself, and knows nothing of the loop.
class LineClient {
 public:
  LineClient() { static_cast<void>(::pipe(ends_.data()) == 0); }
  ~LineClient() {
    for (int end : ends_) ::close(end);
  }

  int descriptor() const { return ends_[0]; }
  void server_says(std::string_view text) {
    static_cast<void>(::write(ends_[1], text.data(), text.size()) > 0);
  }
  void consume_input() {
    std::array<char, 16> buffer;
    ssize_t size;
    while ((size = ::read(ends_[0], buffer.data(), buffer.size())) > 0) {
      input_.append(buffer.data(), static_cast<std::size_t>(size));
    }
  }
  bool is_busy() const { return input_.find('\n') == input_.npos; }
  const std::string& line() const { return input_; }

 private:
  std::array<int, 2> ends_{-1, -1};
  std::string input_;
};

AsyncLocalStorage<std::string> request;

Promise<> answer(LineClient& client) {
  PollWatcher ready(client.descriptor());
  while (client.is_busy()) {
    fmt::print("{} waits\n", *request.get_store());
    co_await ready.wait(PollEvents::readable);
    client.consume_input();
  }
  fmt::print("{} has {}", *request.get_store(), client.line());
}

int main() {
  Loop loop;
  LineClient client;
  request.run("request 1", [&] { answer(client).detach(); });
  client.server_says("half a ");
  loop.run_once();
  client.server_says("line\n");
  loop.run();
}
