// A child that is killed, and hears nothing more.
#include "contrail/async_local_storage.h"
#include "contrail/loop.h"
#include "contrail/process.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  AsyncLocalStorage<std::string> storage;
  const ProcessOptions ignored{.standard_output = ChildStdio::ignore,
                               .standard_error = ChildStdio::ignore};
  Process child = storage.run("spawn", [&] { return Process::spawn("sleep", {"1000"}, ignored); });
  storage.run("listen", [&] {
    child.on_exit([&](ExitStatus status) {
      say(fmt::format("ended by SIGKILL: {}, in {}", status.signal == SIGKILL,
                      *storage.get_store()));
      say(fmt::format("killed once more: {}", child.kill()));
    });
  });
  storage.run("kill", [&] { say(fmt::format("killed: {}", child.kill(SIGKILL))); });
  loop.run();
  trace.print();
}
