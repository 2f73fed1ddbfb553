// What only grows, and which contexts outlive the request that entered them.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <vector>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  const hooks::LeakDetector leaks;
  AsyncLocalStorage<std::string> user;
  std::vector<AsyncResource> cache;

  auto serve = [&](std::string name) {
    AsyncResource request("Request");
    request.run_in_async_scope([&] {
      user.run(std::move(name), [&] {
        cache.emplace_back("CacheEntry");  // Stays, and keeps the user's name with it.
        set_timeout([] {}, 1ms);           // Goes.
      });
    });
  };

  serve("Ada");
  loop.run();
  const auto mark = leaks.mark();
  serve("Grace");
  serve("Edsger");
  loop.run();

  for (const auto& growth : leaks.growth_since(mark)) {
    fmt::print("{} more {}\n", growth.now - growth.before, growth.group.substr(0, 10));
  }
  for (const auto& line : leaks.contexts_outliving()) {
    fmt::print("{} contexts of {} are held by {} {}\n", line.contexts, line.maker.substr(0, 7),
               line.holders, line.holder.substr(0, 10));
  }
}
