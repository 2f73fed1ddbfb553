// What Node's own tests say of the resources in which requests are served.

#include <map>

#include "contrail/async_resource.h"
#include "http_test.h"
#include "lives.h"

namespace contrail::http {
namespace {

using namespace std::chrono_literals;

class RequestLives : public HttpTest {};

TEST_F(RequestLives, begin_with_the_connection_and_end_with_it) {
  Lives lives({"HTTPINCOMINGMESSAGE"});
  serve([&](Request, Response response) {
    EXPECT_EQ(lives.of("HTTPINCOMINGMESSAGE"), "1/1/0/0");
    response.end();
  });
  talk(last_get);
  settle();
  EXPECT_EQ(lives.count("HTTPINCOMINGMESSAGE"), 1u);
  EXPECT_EQ(lives.of("HTTPINCOMINGMESSAGE"), "1/1/1/1");
}

TEST_F(RequestLives, of_a_server_that_never_listened_have_no_connections_to_count) {
  Server idle([](Request, Response) {});
  EXPECT_EQ(idle.connections(), 0u);
  EXPECT_EQ(idle.async_id(), no_async_id);
}

/// A context of the program's own making: what a resource is given goes on to all that it makes.
class InheritedNotes : public RequestLives {
 protected:
  InheritedNotes() { hook.enable(); }
  std::string& mine() { return notes[execution_async_id()]; }

  /// Ten clients at once, each of whom has to get back what it asked for.
  void expect_ten_echoes() {
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 10; ++i) {
      clients.push_back(connect());
      clients.back()->send(
          fmt::format("GET /{} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", i));
    }
    for (int i = 0; i < 10; ++i) {
      Client& client = *clients[static_cast<std::size_t>(i)];
      run_until([&] { return client.got.over(); });
      EXPECT_EQ(body_of(client.text()), fmt::format("/{}", i));
    }
  }

  std::map<AsyncId, std::string> notes;
  AsyncHook hook{{.init = [this](const ResourceInfo& made) {
    if (!mine().empty()) notes[made.async_id] = mine();
  }}};
};

TEST_F(InheritedNotes, reach_the_timer_of_their_request) {
  serve([&](Request request, Response response) {
    mine() = request.target();
    set_timeout([&, response = std::move(response)]() mutable { response.end(mine()); }, 10ms);
  });
  expect_ten_echoes();
}

TEST_F(InheritedNotes, reach_the_continuation_of_their_request) {
  serve([&](Request request, Response response) -> Promise<void> {
    mine() = request.target();
    co_await sleep(10ms);
    response.end(mine());
  });
  expect_ten_echoes();
}

}  // namespace
}  // namespace contrail::http
