// Which request is this? Nobody passes the answer along, and yet every callback knows it.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <string>
#include <string_view>

using namespace contrail;
using namespace std::chrono_literals;

AsyncLocalStorage<std::string> request;

void log(std::string_view what) {
  const std::string* name = request.get_store();
  fmt::print("{}: {}\n", name ? *name : "nobody", what);
}

Promise<> serve() {
  log("a coroutine starts");
  next_tick([] { log("a tick"); });
  co_await Promise<>::resolve().then([] { log("a promise"); });
  co_await sleep(10ms);
  log("the coroutine goes on after a timer");
}

int main() {
  Loop loop;
  request.run("alice", serve).detach();
  request.run("bob", serve).detach();
  log("main");
  loop.run();
}
