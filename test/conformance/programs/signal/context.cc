// In which context signals are heard.
#include <unistd.h>

#include <optional>
#include <string>

#include "contrail/async_local_storage.h"
#include "contrail/loop.h"
#include "contrail/signal.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

namespace {

AsyncLocalStorage<std::string> storage;

void note(std::string_view place) {
  const std::string* store = storage.get_store();
  say(fmt::format("{}: {}", place, store ? *store : "none"));
}

}  // namespace

int main() {
  Loop loop;
  std::optional<Loop::KeepAlive> alive(loop.keep_alive());
  std::optional<SignalWatcher> first, second;
  storage.run("first", [&] {
    first = SignalWatcher::once(SIGUSR2, [](int) {
      note("once");
      storage.run("handler", [] { ::kill(::getpid(), SIGHUP); });
    });
  });
  storage.run("second", [&] {
    second.emplace(SIGHUP, [&](int) {
      note("on");
      alive.reset();
    });
  });
  storage.run("raised", [] { ::kill(::getpid(), SIGUSR2); });
  loop.run();
}
