// What coroutines and lambdas may refer to, and for how long.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <string>
#include <utility>

using namespace contrail;
using namespace std::chrono_literals;

AsyncLocalStorage<std::string> user;

struct Letter {
  std::string to;
  std::string text;
};

Promise<> send(Letter letter) {
  co_await sleep(1ms);
  fmt::print("{} writes to {}: {}\n", *user.get_store(), letter.to, letter.text);
}

Promise<> greet(std::string name) {
  Letter letter{name, "hello"};
  Promise<> sent = user.run("alice", [letter] { return send(letter); });
  co_await sent;

  auto tell = [name] { fmt::print("{} has been greeted\n", name); };
  co_await sleep(1ms).then(tell);
}

void greet_later(std::string name) {
  auto greet_slowly = [](std::string whom) -> Promise<> {  // A coroutine: it captures nothing.
    co_await sleep(1ms);
    co_await greet(whom);
  };
  set_timeout([=] { greet_slowly(name).detach(); }, 1ms);  // No coroutine: it may capture.
}

Promise<int> one_more(Promise<int> previous) {
  const int number = co_await std::move(previous);
  co_return number + 1;
}

Promise<> count() {
  Promise<int> last = Promise<int>::resolve(0);
  for (int i = 0; i < 1000; ++i) last = one_more(std::move(last));
  fmt::print("{}\n", co_await last);
}

int main() {
  Loop loop;
  greet_later("bob");
  loop.run();
  count().detach();
  loop.run();
}
