// A signal that is heard twice; then its listener is replaced inside itself, and the new one hears
// a third.
#include <unistd.h>

#include <optional>

#include "contrail/loop.h"
#include "contrail/signal.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  std::optional<Loop::KeepAlive> alive(loop.keep_alive());
  const auto raise = [] { ::kill(::getpid(), SIGUSR2); };
  int heard = 0;
  std::optional<SignalWatcher> watcher;
  watcher.emplace(SIGUSR2, [&](int) {
    if (++heard == 2) watcher = SignalWatcher::once(SIGUSR2, [&](int) { alive.reset(); });
    raise();
  });
  raise();
  loop.run();
  trace.print();
}
