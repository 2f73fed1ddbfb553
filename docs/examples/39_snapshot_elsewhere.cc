// A context that goes along to another thread, and what that thread starts in it.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <string>
#include <thread>

using namespace contrail;

AsyncLocalStorage<std::string> request;

void log(std::string_view where) {
  fmt::print("{}: {}\n", where, request.get_store() ? *request.get_store() : "nothing");
}

int main() {
  const auto context = request.run("request 7", [] { return async_context::Snapshot().share(); });
  std::thread elsewhere([context] {
    Loop loop;
    log("there");
    context.run([] {
      log("there, in its context");
      set_timeout([] { log("there, in a timer"); });
    });
    loop.run();
  });
  elsewhere.join();
}
