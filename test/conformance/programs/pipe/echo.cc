// A server at a path that gives back what it gets, once.
#include <optional>

#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/pipe.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main(int, char** arguments) {
  Loop loop;
  ProgramTrace trace;
  std::optional<Pipe> socket;
  PipeServer server([&](Pipe accepted) {
    socket.emplace(std::move(accepted));
    socket->on_close([&] { server.close(); });
    socket->on_data([&](Result<std::span<const std::byte>> chunk) {
      if (!chunk->empty()) return socket->write(std::string(as_text(*chunk)), [](auto) {});
      // Node's streams take a tick from the last read to 'end'.
      next_tick([&] { socket->shutdown([&](auto) { socket->close(); }); });
    });
  });
  server.listen(std::string(arguments[1]) + ".server");
  say("port " + server.name());
  loop.run();
  trace.print();
}
