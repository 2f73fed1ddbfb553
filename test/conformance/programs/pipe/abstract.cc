// A client of an abstract name that has nothing to say, and listens all the same.
#include <optional>

#include "contrail/loop.h"
#include "contrail/pipe.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main(int, char** arguments) {
  Loop loop;
  ProgramTrace trace;
  std::optional<Pipe> socket;
  Pipe::connect(std::string(1, '\0') + arguments[1], [&](Result<Pipe> connected) {
    socket.emplace(std::move(*connected));
    socket->on_data([&](Result<std::span<const std::byte>> chunk) {
      if (chunk->empty()) socket->close();
    });
    socket->shutdown([](auto) {});
  });
  loop.run();
  trace.print();
}
