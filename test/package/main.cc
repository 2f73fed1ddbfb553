// What every consumer builds: a little of each library, so that each has to be found and linked.

#ifdef CONSUMER_OF_COMPONENTS  // The umbrella wants everything to be linked.
#include <contrail/async_local_storage.h>
#include <contrail/http/server.h>
#include <contrail/loop.h>
#include <contrail/timers.h>
#include <contrail/version.h>
#else
#include <contrail/contrail.h>
#endif

#include <fmt/core.h>
#include <chrono>
#include <optional>

using namespace contrail;
using namespace std::chrono_literals;

int main() {
  Loop loop;
  AsyncLocalStorage<int> request;

  std::optional<http::Server> server(
      std::in_place, [](http::Request, http::Response response) { response.end("hello\n"); });
  server->listen(SocketAddress::loopback(0));

  request.run(42, [&] {
    set_timeout(
        [&] {
          const char* state = server->address().port() != 0 ? "listening" : "deaf";
          fmt::print("request {} found a {} server of contrail {}\n", *request.get_store(), state,
                     version);
          server.reset();
        },
        1ms);
  });
  loop.run();
}
