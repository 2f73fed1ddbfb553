// Requests and responses that a hook destroys during one of their own calls.

#include <functional>
#include <string>

#include "contrail/async_hook.h"
#include "http_test.h"

namespace contrail::http {
namespace {

struct Call {
  std::string name;
  std::function<void(Request&, Response&)> make;
  std::string fields = {};  ///< Of the request.
};

/// More than the system takes at once, and more than is copied behind a head.
std::string much() { return std::string(9'000'000, 'x'); }

class DestroyedByHooks : public HttpTest, public ::testing::WithParamInterface<Call> {
 protected:
  DestroyedByHooks() { catch_uncaught(); }

  /// Makes the call half-way through a request; in the first init of it, `destroy` is called.
  void call_and(std::function<void()> destroy) {
    serve([&](Request arrived, Response answer) {
      request = std::make_unique<Request>(std::move(arrived));
      response = std::make_unique<Response>(std::move(answer));
    });
    auto client = connect();
    const std::string& fields = GetParam().fields;
    client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n" + fields + "\r\n" +
                 (fields.empty() ? "hel" : ""));
    run_until([&] { return request != nullptr; });
    bool done = false;
    AsyncHook hook({.init = [&](const ResourceInfo&) {
      if (std::exchange(done, true)) return;
      request.reset();
      response.reset();
      destroy();
    }});
    hook.enable();
    GetParam().make(*request, *response);
    hook.disable();
    settle();
    request.reset();
    response.reset();
  }

  std::unique_ptr<Request> request;
  std::unique_ptr<Response> response;
};

TEST_P(DestroyedByHooks, may_be_destroyed) {
  call_and([] {});
}

TEST_P(DestroyedByHooks, may_be_destroyed_with_their_server) {
  call_and([this] { server.reset(); });
}

INSTANTIATE_TEST_SUITE_P(
    Calls, DestroyedByHooks,
    ::testing::Values(Call{"read", [](Request& request, Response&) { request.read().detach(); }},
                      Call{"read_of_a_client_that_waits",
                           [](Request& request, Response&) { request.read().detach(); },
                           "Expect: 100-continue\r\n"},
                      Call{"text", [](Request& request, Response&) { request.text().detach(); }},
                      Call{"on_data", [](Request& request, Response&) { request.on_data(ignore); }},
                      Call{"write", [](Request&, Response& to) { to.write("x").detach(); }},
                      Call{"write_much", [](Request&, Response& to) { to.write(much()).detach(); }},
                      Call{"end", [](Request&, Response& to) { to.end("x"); }},
                      Call{"end_with_much", [](Request&, Response& to) { to.end(much()); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace contrail::http
