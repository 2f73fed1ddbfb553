// A Loop and what can wait on it, in the order in which it is served.

#include <contrail/contrail.h>
#include <fmt/core.h>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;

  set_timeout([] { fmt::print("5. a timer\n"); }, 20ms);
  set_immediate([] { fmt::print("4. an immediate\n"); });
  queue_microtask([] { fmt::print("3. a microtask\n"); });
  next_tick([] { fmt::print("2. a tick\n"); });
  fmt::print("1. main\n");

  loop.run();
  fmt::print("6. nothing is left to wait for\n");
}
