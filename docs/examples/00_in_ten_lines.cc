// The shortest program that shows what contrail is for.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <string>

using namespace contrail;
using namespace std::chrono_literals;

AsyncLocalStorage<std::string> user;

Promise<> serve() {
  co_await sleep(10ms);
  set_immediate([] { fmt::print("answering {}\n", *user.get_store()); });
}

int main() {
  Loop loop;
  user.run("alice", serve).detach();
  user.run("bob", serve).detach();
  loop.run();
}
