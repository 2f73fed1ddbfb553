// Signals, heard in the loop: again and again, once, and in a coroutine.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <csignal>
#include <string>

using namespace contrail;

AsyncLocalStorage<std::string> who;

Promise<> until_terminated(SignalWatcher& reload) {
  co_await next_signal(SIGTERM);
  fmt::print("terminated, says {}\n", *who.get_store());
  reload.unref();
}

int main() {
  Loop loop;
  SignalWatcher reload(SIGHUP, [](int) {
    fmt::print("reloading\n");
    std::raise(SIGUSR2);
  });
  SignalWatcher last = SignalWatcher::once(SIGUSR2, [](int) {
    fmt::print("heard once\n");
    std::raise(SIGTERM);
  });
  who.run("main", [&] { until_terminated(reload).detach(); });

  loop.run();  // Returns at once: watchers do not keep it running, unless they are told to.
  reload.ref();
  std::raise(SIGHUP);
  loop.run();

  try {
    SignalWatcher impossible(SIGKILL);
  } catch (const Error& error) {
    fmt::print("{}\n", error.what());
  }
}
