// A worker that ends, then one that fails, started by the end of the first.
#include <optional>
#include <stdexcept>

#include "contrail/loop.h"
#include "contrail/worker.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;

int main() {
  Loop loop;
  ProgramTrace trace;
  std::optional<Worker> second;
  Worker first([](Loop&) {});
  first.on_exit([&](std::exception_ptr) {
    second.emplace([](Loop&) { throw std::runtime_error("no"); });
    second->on_exit([](std::exception_ptr) {});
  });
  loop.run();
  trace.print();
}
