// In which context a server handles the requests of one connection. Its peer waits for each answer.
#include <memory>
#include <optional>

#include "contrail/async_local_storage.h"
#include "contrail/http/server.h"
#include "contrail/loop.h"
#include "contrail/timers.h"
#include "test/conformance/programs/trace.h"

using namespace contrail;
using namespace std::chrono_literals;

namespace {

class Program {
 public:
  void run() {
    storage_.run("server made", [this] {
      server_.emplace([this](http::Request request, http::Response response) {
        handle(std::move(request), std::move(response));
      });
    });
    storage_.run("listen", [this] { server_->listen(SocketAddress::loopback()); });
    say(fmt::format("port {}", server_->address().port()));
    loop_.run();
  }

 private:
  struct Exchange {
    http::Request request;
    http::Response response;
  };

  void note(std::string_view place) {
    const std::string* store = storage_.get_store();
    say(fmt::format("{}: {}", place, store ? *store : "none"));
  }

  void handle(http::Request request, http::Response response) {
    const std::string target(request.target());
    note("handler of " + target);
    storage_.enter_with(target);
    auto exchange = std::make_shared<Exchange>(Exchange{std::move(request), std::move(response)});
    exchange->request.text()
        .then([this, exchange](const std::string&) {
          note("whole body");
          set_timeout([this, exchange] { answer(*exchange); }, 1ms);
        })
        .detach();
  }

  void answer(Exchange& exchange) {
    note("timer");
    storage_.enter_with("timer");
    exchange.response.end("ok");
    if (exchange.request.target() == "/last") server_->close();
  }

  Loop loop_;
  AsyncLocalStorage<std::string> storage_;
  std::optional<http::Server> server_;
};

}  // namespace

int main() { Program().run(); }
