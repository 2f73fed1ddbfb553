// A server at an abstract name, and its client: nothing of it is in the file system. A path works
// in the same way.
#include <contrail/contrail.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>

using namespace contrail;

std::string name_of_this_process() {
  return std::string(1, '\0') + "contrail-example-" + std::to_string(::getpid());
}

Promise<> serve_once(PipeServer& server) {
  Pipe pipe = co_await server.accept();
  std::array<std::byte, 64> buffer;
  const std::size_t size = co_await pipe.read(buffer);
  co_await pipe.write("you said " + std::string(as_text(std::span(buffer).first(size))));
}

Promise<> ask(std::string name) {
  Pipe pipe = co_await Pipe::connect(name);
  co_await pipe.write("ping");
  std::array<std::byte, 64> buffer;
  const std::size_t size = co_await pipe.read(buffer);
  fmt::print("{}\n", as_text(std::span(buffer).first(size)));
}

int main() {
  Loop loop;
  PipeServer server;
  server.listen(name_of_this_process());
  serve_once(server).then([&] { server.close(); }).detach();
  ask(server.name()).detach();
  loop.run();
}
