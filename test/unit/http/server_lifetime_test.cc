// Servers, connections and loops that end in every order.

#include <functional>
#include <optional>
#include <string>

#include "contrail/async_hook.h"
#include "contrail/http/server.h"
#include "contrail/resource_types.h"
#include "http_test.h"
#include "support/meddler.h"

namespace contrail::http {
namespace {

using testing::IsEmpty;
using namespace std::chrono_literals;

class ServerLifetimeTest : public HttpTest {};

TEST_F(ServerLifetimeTest, finishes_what_it_is_serving_when_closed) {
  std::optional<Response> kept;
  serve([&](Request, Response response) { kept = std::move(response); });
  auto idle = connect();
  auto busy = connect();
  busy->send(plain_get);
  run_until([&] { return kept && server->connections() == 2; });
  server->close();
  run_until([&] { return idle->got.over(); });
  EXPECT_EQ(idle->text(), "");
  kept->end("ok");
  run_until([&] { return busy->got.over(); });
  EXPECT_EQ(busy->text(), last_ok_response);
  EXPECT_FALSE(server->listening());
  EXPECT_THROW(server->address(), Error);
}

TEST_F(ServerLifetimeTest, lets_the_loop_end_once_it_is_closed) {
  serve([&](Request, Response response) {
    response.end("ok");
    server->close();
  });
  auto client = connect();
  client->send(plain_get);
  loop().run();
  EXPECT_EQ(client->text(), ok_response);
}

class MeddledServerTest : public ServerLifetimeTest {
 protected:
  /// What a client hears that sends its request after connecting.
  std::string ask() {
    auto client = connect();
    client->send(last_get);
    run_until([&] { return client->got.over(); });
    return client->text();
  }
};

TEST_F(MeddledServerTest, drops_a_connection_in_whose_init_a_hook_closes_it) {
  serve_ok();
  const auto meddler = Meddler::in_init_of("HTTPINCOMINGMESSAGE", [&] { server->close(); });
  EXPECT_EQ(ask(), "");
  EXPECT_EQ(server->connections(), 0u);
  EXPECT_EQ(handled, 0);
}

TEST_F(MeddledServerTest, may_be_destroyed_in_the_init_of_a_connection) {
  serve_ok();
  const auto meddler = Meddler::in_init_of("HTTPINCOMINGMESSAGE", [&] { server.reset(); });
  EXPECT_EQ(ask(), "");
  EXPECT_EQ(handled, 0);
}

class MeddledRequestTest : public MeddledServerTest,
                           public ::testing::WithParamInterface<const char*> {
 protected:
  /// `act` in the first before of the connection's, once it has arrived.
  std::string ask_and(std::function<void()> act) {
    AsyncId id = no_async_id;
    AsyncHook finder({.init = [&](const ResourceInfo& made) {
      const bool ours = made.type != "TCPWRAP" || made.trigger_async_id == server->async_id();
      if (made.type == GetParam() && ours) id = made.async_id;
    }});
    finder.enable();
    auto client = connect();
    run_until([&] { return server->connections() == 1; });
    finder.disable();
    const auto meddler = Meddler::in_before_of(id, std::move(act));
    client->send(last_get);
    run_until([&] { return client->got.over(); });
    return client->text();
  }
};

TEST_P(MeddledRequestTest, which_a_hook_destroys_with_its_server_is_not_served) {
  serve_ok();
  EXPECT_EQ(ask_and([&] { server.reset(); }), "");
  EXPECT_EQ(handled, 0);
}

INSTANTIATE_TEST_SUITE_P(Types, MeddledRequestTest,
                         ::testing::Values("TCPWRAP", "HTTPINCOMINGMESSAGE"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(MeddledServerTest, serves_the_request_in_whose_before_a_hook_closes_it) {
  serve_ok();
  AsyncId connection = no_async_id;
  AsyncHook meddler({.init =
                         [&](const ResourceInfo& made) {
                           if (made.type == "HTTPINCOMINGMESSAGE") connection = made.async_id;
                         },
                     .before =
                         [&](AsyncId id) {
                           if (id == connection) server->close();
                         }});
  meddler.enable();
  EXPECT_EQ(ask(), last_ok_response);
  EXPECT_FALSE(server->listening());
}

TEST_F(ServerLifetimeTest, may_listen_again) {
  serve_ok();
  server->close();
  server->listen(SocketAddress::loopback());
  EXPECT_EQ(get("GET / HTTP/1.1"), last_ok_response);
  EXPECT_THROW(server->listen(SocketAddress::loopback()), Error);
}

TEST_F(ServerLifetimeTest, closes_all_connections_when_it_is_destroyed) {
  std::optional<Response> kept;
  serve([&](Request, Response response) { kept = std::move(response); });
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return kept.has_value(); });
  server.reset();
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(client->text(), "");
  kept->end("too late");
}

TEST_F(ServerLifetimeTest, may_be_destroyed_inside_its_handler) {
  serve([&, canary = std::make_shared<int>(7)](Request, Response response) {
    server.reset();
    EXPECT_EQ(*canary, 7) << "the handler itself is still there";
    EXPECT_FALSE(response.is_open());
    response.end("nobody hears");
  });
  auto client = connect();
  client->send(std::string(plain_get) + plain_get);
  run_until([&] { return client->got.over(); });
}

TEST_F(ServerLifetimeTest, may_be_destroyed_while_a_coroutine_handler_waits) {
  bool finished = false;
  serve([&, canary = std::make_shared<int>(7)](Request, Response response) -> Promise<void> {
    server.reset();
    co_await sleep(1ms);
    EXPECT_EQ(*canary, 7) << "the coroutine refers to the callable";
    response.end("nobody hears");
    finished = true;
  });
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return finished; });
}

TEST_F(ServerLifetimeTest, may_be_moved_while_it_serves) {
  serve_ok();
  Server moved = std::move(*server);
  server.reset();
  server.emplace(std::move(moved));
  EXPECT_EQ(get("GET / HTTP/1.1"), last_ok_response);
}

TEST_F(ServerLifetimeTest, may_leave_a_client_in_the_middle_when_the_loop_ends) {
  serve_echo();
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1234");
  run_until([&] { return server->connections() == 1; });
  settle();
  server.reset();
  client.reset();
  destroy_loop();
}

TEST_F(ServerLifetimeTest, may_outlive_its_loop_with_connections_open) {
  close_ledger();  // What ends after the Loop tells no hook.
  std::optional<Response> kept;
  serve([&](Request, Response response) { kept = std::move(response); });
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return kept.has_value(); });
  client.reset();
  destroy_loop();
  server.reset();
  kept.reset();
}

TEST_F(ServerLifetimeTest, may_lose_a_response_after_its_loop_and_before_the_server) {
  close_ledger();
  std::optional<Response> kept;
  serve([&](Request, Response response) { kept = std::move(response); });
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return kept.has_value(); });
  client.reset();
  destroy_loop();
  kept.reset();
  server.reset();
}

/// Destroys the server when a hook hears of it, or of something of the type.
class ServerAndHookTest : public ServerLifetimeTest,
                          public testing::WithParamInterface<std::string_view> {};

TEST_P(ServerAndHookTest, may_be_destroyed_inside_a_hook) {
  bool answering = false;
  serve([&](Request, Response response) {
    answering = true;
    response.end("ok");
  });
  const AsyncId listener = server->async_id();
  const bool in_answer = GetParam() == resource_types::tick.name;
  AsyncHook hook({.init =
                      [&](const ResourceInfo& made) {
                        if (made.type == GetParam() && answering == in_answer) server.reset();
                      },
                  .before =
                      [&](AsyncId id) {
                        if (id == listener && GetParam() == "before") server.reset();
                      }});
  RawPeer peer = RawPeer::connect(server->address());
  peer.send(plain_get);
  hook.enable();
  run_until([&] { return !server; });
  hook.disable();
  loop().run();
}

INSTANTIATE_TEST_SUITE_P(Each, ServerAndHookTest,
                         testing::Values("before", resource_types::tcp.name,
                                         resource_types::http_incoming_message.name,
                                         resource_types::tick.name),
                         [](auto& info) { return std::string(info.param); });

TEST_F(ServerLifetimeTest, survives_clients_that_vanish_at_any_byte) {
  catch_uncaught();
  serve_echo();
  const std::string request =
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwiki\r\n0\r\n\r\n";
  for (std::size_t size = 0; size < request.size(); ++size) {
    RawPeer peer = RawPeer::connect(server->address());
    peer.send(std::string_view(request).substr(0, size));
    run_until([&] { return server->connections() == 1; });
    settle();
    peer.reset();
    run_until([&] { return server->connections() == 0; });
  }
  EXPECT_THAT(uncaught, IsEmpty());
}

}  // namespace
}  // namespace contrail::http
