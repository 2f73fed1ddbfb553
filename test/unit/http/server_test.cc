#include "contrail/http/server.h"

#include <map>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "http_test.h"

namespace contrail::http {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

class ServerTest : public HttpTest {};

TEST_F(ServerTest, keeps_the_connection_of_http_1_1) {
  serve_ok();
  auto client = connect();
  client->send(plain_get);
  run_until([&] { return client->text() == ok_response; });
  client->send(last_get);
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(client->text(), std::string(ok_response) + last_ok_response);
}

TEST_F(ServerTest, closes_the_connection_of_http_1_0) {
  serve_ok();
  EXPECT_EQ(talk("GET / HTTP/1.0\r\n\r\n"), last_ok_response);
}

TEST_F(ServerTest, keeps_the_connection_of_http_1_0_if_asked_to) {
  serve_ok();
  auto client = connect();
  client->send("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n");
  run_until([&] { return client->has("\r\n\r\nok"); });
  EXPECT_THAT(client->text(), HasSubstr("Connection: keep-alive\r\n"));
  EXPECT_FALSE(client->got.over());
}

TEST_F(ServerTest, answers_pipelined_requests_in_order) {
  std::vector<Response> waiting;
  serve([&](Request request, Response response) {
    if (request.target() == "/now") return response.end("now");
    EXPECT_TRUE(waiting.empty());
    waiting.push_back(std::move(response));
  });
  auto client = connect();
  client->send(
      "GET /late HTTP/1.1\r\nHost: h\r\n\r\nGET /now HTTP/1.1\r\nHost: h\r\n"
      "Connection: close\r\n\r\n");
  run_until([&] { return !waiting.empty(); });
  settle();
  waiting.front().end("late");
  run_until([&] { return client->got.over(); });
  EXPECT_LT(client->text().find("late"), client->text().find("now"));
}

TEST_F(ServerTest, answers_a_thousand_pipelined_requests) {
  serve_ok();
  std::string requests;
  for (int i = 0; i < 999; ++i) requests += plain_get;
  EXPECT_THAT(talk(requests + last_get), testing::EndsWith(last_ok_response));
  EXPECT_EQ(handled, 1000);
}

TEST_F(ServerTest, bounds_what_it_takes_of_pipelined_requests) {
  std::optional<Response> first;
  serve(
      [&](Request, Response response) {
        if (!first) first = std::move(response);
      },
      {.pipeline_bytes_max = 1000});
  auto client = connect();
  std::string requests;
  while (requests.size() < 8u << 20) requests += plain_get;
  client->send(requests);
  run_until([&] { return first.has_value(); });
  settle();
  EXPECT_GT(client->socket.write_queue_size(), 0u);
}

TEST_F(ServerTest, takes_no_requests_of_a_client_who_fetches_no_responses) {
  serve([&](Request, Response response) {
    ++handled;
    response.end(std::string(1 << 20, 'x'));
  });
  auto client = connect();
  client->socket.pause();
  std::string requests;
  for (int i = 0; i < 99; ++i) requests += plain_get;
  client->send(requests + last_get);
  settle();
  EXPECT_LT(handled, 50);
  client->socket.resume();
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(handled, 100);
}

TEST_F(ServerTest, answers_a_client_who_has_ended_its_side) {
  serve([](Request, Response response) {
    auto kept = std::make_shared<Response>(std::move(response));
    set_immediate([kept] { kept->end("ok"); });
  });
  RawPeer peer = RawPeer::connect(server->address());
  peer.send(std::string(plain_get) + plain_get);
  peer.end();
  run_until([&] { return server->connections() == 1; });
  run_until([&] { return server->connections() == 0; });
  EXPECT_EQ(without_dates(peer.receive_all()), std::string(ok_response) + last_ok_response);
}

TEST_F(ServerTest, serves_others_while_one_waits) {
  std::optional<Response> first;
  serve([&](Request, Response response) {
    if (!first) {
      first = std::move(response);
    } else {
      response.end("ok");
    }
  });
  auto waiting = connect();
  waiting->send(plain_get);
  run_until([&] { return first.has_value(); });
  EXPECT_EQ(get("GET / HTTP/1.1"), last_ok_response);
}

TEST_F(ServerTest, goes_on_with_others_after_a_bad_request) {
  serve_ok();
  auto good = connect();
  EXPECT_EQ(status_of(talk("nonsense\r\n\r\n")), "400");
  good->send(last_get);
  run_until([&] { return good->got.over(); });
  EXPECT_EQ(good->text(), last_ok_response);
  EXPECT_EQ(handled, 1);
}

TEST_F(ServerTest, answers_what_came_before_a_bad_request) {
  serve_ok();
  EXPECT_EQ(talk(std::string(plain_get) + "nonsense\r\n\r\n" + plain_get),
            std::string(ok_response) +
                "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(handled, 1);
}

// Handlers that fail.

TEST_F(ServerTest, answers_500_when_the_handler_throws) {
  catch_uncaught();
  serve([](Request, Response) { throw std::runtime_error("oops"); });
  EXPECT_EQ(status_of(get("GET / HTTP/1.1")), "500");
  EXPECT_EQ(uncaught, "oops");
}

TEST_F(ServerTest, lets_an_exception_of_the_handler_leave_through_run) {
  serve([](Request, Response) { throw std::runtime_error("oops"); });
  auto client = connect();
  client->send(plain_get);
  EXPECT_THROW(run_until([&] { return client->got.over(); }), std::runtime_error);
  run_until([&] { return client->has("500"); });
}

TEST_F(ServerTest, goes_on_with_the_next_request_after_the_handler_threw) {
  catch_uncaught();
  serve([&](Request, Response response) {
    if (++handled == 1) throw std::runtime_error("oops");
    response.end("ok");
  });
  EXPECT_THAT(talk(std::string(plain_get) + last_get), testing::EndsWith(last_ok_response));
  EXPECT_EQ(uncaught, "oops");
}

TEST_F(ServerTest, answers_500_when_the_handlers_promise_is_rejected) {
  catch_uncaught();
  serve([](Request, Response) -> Promise<void> {
    co_await sleep(1ms);
    throw std::runtime_error("oops");
  });
  EXPECT_EQ(status_of(get("GET / HTTP/1.1")), "500");
  EXPECT_EQ(uncaught, "oops");
}

TEST_F(ServerTest, does_not_report_a_write_to_a_client_that_resets_as_a_failure_of_the_handler) {
  catch_uncaught();
  std::optional<RawPeer> peer;
  bool failed = false;
  serve([&](Request, Response response) -> Promise<void> {
    co_await response.write("a");
    peer->reset();
    try {
      for (;;) co_await response.write("b");
    } catch (const Error&) {
      failed = true;
      throw;
    }
  });
  peer.emplace(RawPeer::connect(server->address()));
  peer->send(plain_get);
  run_until([&] { return failed && server->connections() == 0; });
  server->close();
  loop().run();
  EXPECT_EQ(uncaught, "");
}

TEST_F(ServerTest, has_a_rejection_reported_in_the_context_in_which_it_happened) {
  AsyncLocalStorage<std::string> user;
  std::string reported_for;
  loop().on_uncaught_exception([&](std::exception_ptr, ExceptionOrigin origin) {
    EXPECT_EQ(origin, ExceptionOrigin::unhandled_rejection);
    reported_for = user.get_store() ? *user.get_store() : "nobody";
  });
  auto fail = [](Response) -> Promise<void> {
    co_await sleep(1ms);
    throw std::runtime_error("oops");
  };
  serve([&](Request, Response response) -> Promise<void> {
    return user.run("alice", fail, std::move(response));
  });
  EXPECT_EQ(status_of(get("GET / HTTP/1.1")), "500");
  EXPECT_EQ(reported_for, "alice");
}

TEST_F(ServerTest, answers_500_for_a_response_that_a_rejected_handler_gave_away) {
  catch_uncaught();
  std::optional<Response> kept;
  serve([&](Request, Response response) -> Promise<void> {
    kept = std::move(response);
    co_await sleep(1ms);
    throw std::runtime_error("oops");
  });
  EXPECT_EQ(status_of(get("GET / HTTP/1.1")), "500");
  EXPECT_TRUE(kept->ended());
}

TEST_F(ServerTest, leaves_a_response_alone_that_was_sent_before_the_failure) {
  catch_uncaught();
  serve([](Request, Response response) -> Promise<void> {
    response.end("ok");
    co_await sleep(1ms);
    throw std::runtime_error("oops");
  });
  EXPECT_EQ(get("GET / HTTP/1.1"), last_ok_response);
  run_until([&] { return !uncaught.empty(); });
}

TEST_F(ServerTest, does_not_blame_the_handler_for_a_client_that_vanished) {
  catch_uncaught();
  bool started = false;
  serve([&](Request request, Response) -> Promise<void> {
    started = true;
    co_await request.text();
  });
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
  run_until([&] { return started; });
  client->socket.close();
  run_until([&] { return server->connections() == 0; });
  EXPECT_THAT(uncaught, IsEmpty());
}

TEST_F(ServerTest, does_not_blame_the_handler_for_a_client_that_does_not_listen) {
  catch_uncaught();
  bool failed = false;
  serve([&](Request, Response response) -> Promise<void> {
    struct Failing {
      bool& failed;
      ~Failing() { failed = true; }
    } failing{failed};
    for (;;) co_await response.write(std::string(1 << 20, 'x'));
  });
  RawPeer peer = RawPeer::connect(server->address());
  peer.send(plain_get);
  run_until([&] { return server->connections() == 1; });
  settle();
  peer.reset();
  run_until([&] { return failed && server->connections() == 0; });
  EXPECT_THAT(uncaught, IsEmpty());
}

// Limits.

TEST_F(ServerTest, answers_431_to_a_head_that_is_too_large) {
  serve_ok({.header_bytes_max = 100});
  EXPECT_EQ(status_of(get("GET / HTTP/1.1", "X: " + std::string(100, 'x') + "\r\n")), "431");
  EXPECT_EQ(status_of(get("GET / HTTP/1.1")), "200");
  EXPECT_EQ(handled, 1);
}

TEST_F(ServerTest, answers_431_to_too_many_fields) {
  serve_ok({.header_count_max = 4});
  EXPECT_EQ(status_of(get("GET / HTTP/1.1", "a:1\r\nb:2\r\n")), "200");
  EXPECT_EQ(status_of(get("GET / HTTP/1.1", "a:1\r\nb:2\r\nc:3\r\n")), "431");
}

TEST_F(ServerTest, answers_413_to_a_body_that_says_it_is_too_large) {
  serve_ok({.body_bytes_max = 10});
  EXPECT_EQ(status_of(talk("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\n")), "413");
  EXPECT_EQ(handled, 0);
}

TEST_F(ServerTest, answers_413_to_chunks_that_are_too_large_together) {
  serve_echo({.body_bytes_max = 10});
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n");
  settle();
  client->send("5\r\n");
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(status_of(client->text()), "413");
}

TEST_F(ServerTest, lets_the_client_read_the_answer_to_a_body_it_goes_on_sending) {
  serve_ok({.body_bytes_max = 10});
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000000\r\n\r\n" +
               std::string(5000000, 'x'));
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(status_of(client->text()), "413");
  EXPECT_EQ(client->got.error, "");
}

TEST_F(ServerTest, refuses_connections_beyond_its_limit) {
  serve_ok({.connections_max = 1});
  auto first = connect();
  run_until([&] { return server->connections() == 1; });
  auto second = connect();
  run_until([&] { return second->got.over(); });
  first->send(last_get);
  run_until([&] { return first->got.over(); });
  EXPECT_EQ(get("GET / HTTP/1.1"), last_ok_response);
}

TEST_F(ServerTest, answers_408_to_a_head_that_does_not_end) {
  serve_ok({.header_timeout = 20ms});
  EXPECT_EQ(status_of(talk("GET / HTTP/1.1\r\n")), "408");
  EXPECT_EQ(handled, 0);
}

TEST_F(ServerTest, closes_silently_if_no_request_comes_at_all) {
  serve_ok({.header_timeout = 20ms});
  EXPECT_EQ(talk(""), "");
}

TEST_F(ServerTest, answers_408_to_a_body_that_does_not_come) {
  catch_uncaught();
  serve_echo({.body_timeout = 20ms});
  EXPECT_EQ(status_of(talk("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n1234")), "408");
  EXPECT_THAT(uncaught, IsEmpty());
}

TEST_F(ServerTest, closes_an_idle_connection_silently) {
  serve_ok({.keep_alive_timeout = 20ms});
  EXPECT_EQ(talk(plain_get), ok_response);
}

TEST_F(ServerTest, closes_the_connection_of_a_client_who_fetches_nothing) {
  serve([](Request, Response response) { response.end(std::string(16 << 20, 'x')); },
        {.write_timeout = 20ms});
  auto client = connect();
  client->socket.pause();
  client->send(plain_get);
  run_until([&] { return server->connections() == 1; });
  run_until([&] { return server->connections() == 0; });
}

TEST_F(ServerTest, gives_the_handler_all_the_time_it_wants) {
  serve(
      [](Request, Response response) -> Promise<void> {
        co_await sleep(150ms);
        response.end("ok");
      },
      {.header_timeout = 50ms, .body_timeout = 50ms, .keep_alive_timeout = 50ms});
  EXPECT_EQ(talk(plain_get), ok_response);
}

// Resources and context.

TEST_F(ServerTest, runs_every_handler_of_a_connection_as_one_resource) {
  std::vector<AsyncId> ids;
  std::vector<AsyncId> triggers;
  serve([&](Request, Response response) {
    ids.push_back(execution_async_id());
    triggers.push_back(trigger_async_id());
    response.end();
  });
  std::map<AsyncId, ResourceInfo> made;
  AsyncHook hook({.init = [&](const ResourceInfo& info) { made[info.async_id] = info; }});
  hook.enable();
  talk(std::string(plain_get) + last_get);
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(made[ids[0]].type, "HTTPINCOMINGMESSAGE");
  EXPECT_EQ(made[triggers[0]].type, "TCPWRAP");
}

TEST_F(ServerTest, shows_hooks_what_is_being_asked) {
  std::string seen;
  serve([&](Request, Response response) {
    const auto* details = execution_async_resource().details.as<Request::Details>();
    seen = details ? std::string(details->method) + " " + std::string(details->target) : "nothing";
    response.end();
  });
  get("PUT /thing HTTP/1.1");
  EXPECT_EQ(seen, "PUT /thing");
}

TEST_F(ServerTest, calls_the_handler_in_the_context_of_listen) {
  AsyncLocalStorage<std::string> storage;
  std::vector<std::string> seen;
  server.emplace([&](Request, Response response) {
    seen.push_back(storage.get_store() ? *storage.get_store() : "none");
    storage.enter_with("changed by a handler");
    response.end();
  });
  storage.run("listen", [&] { server->listen(SocketAddress::loopback()); });
  talk(std::string(plain_get) + plain_get + last_get);
  EXPECT_THAT(seen, testing::ElementsAre("listen", "listen", "listen"));
}

TEST_F(ServerTest, keeps_what_a_handler_enters_for_its_request) {
  AsyncLocalStorage<std::string> storage;
  std::string at_body;
  serve([&](Request request, Response response) -> Promise<void> {
    storage.enter_with(std::string(request.target()));
    const std::string body = co_await request.text();
    at_body += *storage.get_store();
    response.end();
  });
  auto client = connect();
  client->send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n");
  settle();
  client->send("xPOST /b HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(at_body, "/a/b");
}

TEST_F(ServerTest, calls_a_body_function_in_the_context_it_was_given_in) {
  AsyncLocalStorage<int> storage;
  std::vector<int> seen;
  serve([&](Request request, Response response) {
    storage.enter_with(7);
    auto kept = std::make_shared<Response>(std::move(response));
    request.on_data([&, kept](Result<std::span<const std::byte>> chunk) {
      seen.push_back(storage.get_store() ? *storage.get_store() : 0);
      if (chunk && chunk->empty()) kept->end();
    });
  });
  talk("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nxx");
  EXPECT_THAT(seen, testing::ElementsAre(7, 7));
}

}  // namespace
}  // namespace contrail::http
