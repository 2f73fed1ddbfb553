// A terminal, read until a line was typed; in which context.
#include <string>

#include "contrail/async_local_storage.h"
#include "contrail/loop.h"
#include "contrail/tty.h"
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
  ProgramTrace trace;
  Tty terminal;
  storage.run("made", [&] { terminal = Tty::from_descriptor(0); });
  storage.run("listening", [&] {
    terminal.on_data([&](Result<std::span<const std::byte>> chunk) {
      const std::string_view line = as_text(*chunk);
      note(fmt::format("typed {}", line.substr(0, line.find('\n'))));
      terminal.close();
    });
    terminal.on_close([] { note("closed"); });
  });
  say("go");
  loop.run();
  trace.print();
}
