// Where did my context go? A batch works for requests, but in no context.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <vector>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  AsyncLocalStorage<int> request_id;
  const hooks::ContextLoss loss({.has_context = [&] { return request_id.get_store() != nullptr; }});

  std::vector<AsyncResource> waiting;
  for (int id = 1; id <= 3; ++id) {
    request_id.run(id, [&] { waiting.emplace_back("Request"); });
  }
  set_timeout(
      [&] {
        for (AsyncResource& request : waiting) {
          AsyncResource row(
              "Row", {.trigger = &request});  // For that request, but in the timer's context.
          row.run_in_async_scope([] { fmt::print("no request id here\n"); });
        }
      },
      1ms);
  loop.run();

  for (const auto& place : loss.places()) {
    fmt::print("{} {} made without a context, caused by a {} that had one\n", place.made,
               place.lost.substr(0, 3), place.cause.substr(0, 7));
  }
}
