// A thread with a loop of its own, and the channel through which one talks to it.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <stdexcept>
#include <string>

using namespace contrail;

Promise<> measure(Loop&, MessagePort<std::string, std::size_t> parent) {
  while (auto text = co_await parent.receive()) {
    if (text->empty()) throw std::invalid_argument("there is nothing to measure");
    parent.post_message(text->size());
  }
}

int main() {
  Loop loop;
  MessageChannel<std::size_t, std::string> channel;
  channel.port1.on_message([](std::size_t size) { fmt::print("{} letters\n", size); });
  Worker worker({.name = "measures"}, measure, std::move(channel.port2));
  for (const char* text : {"one", "three", ""}) channel.port1.post_message(text);
  worker.on_exit([&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::invalid_argument& failure) {
      fmt::print("{} failed: {}\n", worker.name(), failure.what());
    }
  });
  loop.run();
}
