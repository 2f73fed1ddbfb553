// Is the loop blocked, and by whom? Slow callbacks with their causes, told when they have returned;
// and a loop that is stuck, told by another thread while it is.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <atomic>
#include <thread>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  AsyncLocalStorage<std::string> user;
  const auto shown = hooks::context_field("user", user);
  std::atomic<bool> noticed = false;
  std::string stuck_in;

  const hooks::LoopMonitor monitor({
      .threshold = 100ms,
      .on_slow =
          [](const hooks::SlowCallback& slow) {
            fmt::print("slow:");
            for (const hooks::AsyncFrame& frame : slow.frames) fmt::print(" {}", frame.type);
            fmt::print(", with {}\n", slow.context);
          },
      .on_stuck =
          [&](const hooks::StuckLoop& stuck) {  // In another thread.
            if (!stuck.frames.empty()) stuck_in = stuck.frames.front().type;
            noticed = true;
          },
  });

  user.run("ada", [&] {
    set_immediate([&] {
      set_timeout(
          [&] {
            while (!noticed) std::this_thread::sleep_for(1ms);
          },
          1ms);
    });
  });
  loop.run();
  fmt::print("it was stuck in a {}\n", stuck_in);
  fmt::print("lag of at least 100 ms: {}\n", monitor.lag().max() >= 100'000'000);
  fmt::print("was at work: {}\n", monitor.utilization().utilization() > 0);
}
