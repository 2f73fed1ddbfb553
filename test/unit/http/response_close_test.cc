// How a handler learns that an exchange is over.

#include <memory>
#include <string>

#include "contrail/async_local_storage.h"
#include "http_test.h"
#include "raw_peer.h"

namespace contrail::http {
namespace {

using namespace std::chrono_literals;

class ResponseCloseTest : public HttpTest {
 protected:
  /// A handler that says what it hears, and leaves the response with the test.
  auto keep_response() {
    return [this](Request, Response given) {
      response.emplace(std::move(given));
      response->on_close([this] { heard += response->ended() ? "sent " : "gone "; });
    };
  }
  void TearDown() override {
    response.reset();
    HttpTest::TearDown();
  }

  std::optional<Response> response;
  std::string heard;
};

TEST_F(ResponseCloseTest, is_told_once_all_is_sent) {
  serve(keep_response());
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return response.has_value(); });
  response->end("ok");
  EXPECT_EQ(heard, "");
  run_until([&] { return client->has("ok"); });
  EXPECT_EQ(heard, "sent ");
  client.reset();
  run_until([&] { return server->connections() == 0; });
  EXPECT_EQ(heard, "sent ");
}

TEST_F(ResponseCloseTest, waits_for_a_client_that_does_not_fetch) {
  serve(keep_response());
  RawPeer peer = RawPeer::connect(server->address());
  peer.send(last_get);
  run_until([&] { return response.has_value(); });
  response->end(std::string(16 * 1024 * 1024, 'x'));
  settle();
  EXPECT_EQ(heard, "");
  peer.reset();
  run_until([&] { return !heard.empty(); });
}

TEST_F(ResponseCloseTest, is_told_when_the_client_resets_its_connection) {
  serve(keep_response());
  RawPeer peer = RawPeer::connect(server->address());
  peer.send(plain_get);
  run_until([&] { return response.has_value(); });
  EXPECT_TRUE(response->is_open());
  peer.reset();
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, "gone ");
  EXPECT_FALSE(response->is_open());
}

TEST_F(ResponseCloseTest, is_told_when_a_write_finds_the_client_gone) {
  serve(keep_response());
  RawPeer peer = RawPeer::connect(server->address());
  peer.send(plain_get);
  run_until([&] { return response.has_value(); });
  peer.close();
  settle();
  EXPECT_TRUE(response->is_open());  // It might only have finished sending.
  Timeout writing = set_interval([&] { response->write("x").catch_error([] {}).detach(); }, 1ms);
  run_until([&] { return !heard.empty(); });
  writing.clear();
  EXPECT_EQ(heard, "gone ");
  EXPECT_FALSE(response->is_open());
}

TEST_F(ResponseCloseTest, half_closed_clients_are_still_answered) {
  serve(keep_response());
  RawPeer peer = RawPeer::connect(server->address());
  peer.send(plain_get);
  peer.end();
  run_until([&] { return response.has_value(); });
  settle();
  response->end("ok");
  run_until([&] { return server->connections() == 0; });
  EXPECT_EQ(without_dates(peer.receive_all()), last_ok_response);
  EXPECT_EQ(heard, "sent ");
}

TEST_F(ResponseCloseTest, is_told_when_the_server_goes) {
  serve(keep_response());
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return response.has_value(); });
  server.reset();
  EXPECT_EQ(heard, "");
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, "gone ");
}

TEST_F(ResponseCloseTest, is_told_of_an_answer_that_was_let_go_of) {
  serve([this](Request, Response given) { given.on_close([this] { heard += "over "; }); });
  EXPECT_EQ(status_of(talk(last_get)), "500");
  EXPECT_EQ(heard, "over ");
}

TEST_F(ResponseCloseTest, is_told_soon_if_it_is_asked_for_too_late) {
  serve([this](Request, Response given) {
    given.end("ok");
    given.on_close([this] { heard += "over "; });
    heard += "later: ";
  });
  talk(last_get);
  EXPECT_EQ(heard, "later: over ");
}

TEST_F(ResponseCloseTest, is_told_in_the_context_in_which_it_was_asked_for) {
  AsyncLocalStorage<std::string> storage;
  serve([&](Request, Response given) {
    response.emplace(std::move(given));
    storage.run("asker's", [&] { response->on_close([&] { heard += *storage.get_store(); }); });
  });
  auto client = connect();
  client->send(last_get);
  run_until([&] { return response.has_value(); });
  storage.run("ender's", [&] { response->end("ok"); });
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(heard, "asker's");
}

TEST_F(ResponseCloseTest, is_not_told_by_a_loop_that_goes) {
  close_ledger();
  auto held = std::make_shared<int>();
  serve([&](Request, Response given) {
    response.emplace(std::move(given));
    response->on_close([this, held] { heard += "?"; });
  });
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return response.has_value(); });
  destroy_loop();
  server.reset();
  EXPECT_EQ(heard, "");
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(ResponseCloseTest, a_moved_from_server_is_empty_and_may_be_closed) {
  serve_ok();
  Server moved = std::move(*server);
  EXPECT_FALSE(*server);
  server->close();
  EXPECT_TRUE(moved.listening());
}

TEST_F(ResponseCloseTest, a_server_says_where_it_listens_already) {
  serve_ok();
  try {
    server->listen(SocketAddress::loopback(80));
    ADD_FAILURE() << "it listens twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.what(),
              fmt::format("listen 127.0.0.1:80: EALREADY: this server listens already, at {}",
                          server->address()));
  }
}

}  // namespace
}  // namespace contrail::http
