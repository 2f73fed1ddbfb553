#include "contrail/http/response.h"

#include <stdexcept>

#include "http_test.h"

namespace contrail::http {
namespace {

using testing::HasSubstr;
using testing::Not;

class ResponseTest : public HttpTest {};

TEST_F(ResponseTest, is_a_head_and_a_body) {
  serve([](Request, Response response) {
    response.status(201).headers().set("Location", "/7");
    response.end("made\n");
  });
  EXPECT_EQ(get("GET / HTTP/1.1"),
            "HTTP/1.1 201 Created\r\nLocation: /7\r\nContent-Length: 5\r\n"
            "Connection: close\r\n\r\nmade\n");
}

TEST_F(ResponseTest, says_when_it_was_made) {
  serve_ok();
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  run_until([&] { return client->got.over(); });
  EXPECT_THAT(client->got.text,
              testing::ContainsRegex("\r\nDate: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} "
                                     "[A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT\r\n"));
}

TEST_F(ResponseTest, keeps_the_handlers_date) {
  serve([](Request, Response response) {
    response.headers().set("date", "today");
    response.end();
  });
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  run_until([&] { return client->got.over(); });
  EXPECT_THAT(client->got.text, HasSubstr("date: today\r\n"));
  EXPECT_THAT(client->got.text, Not(HasSubstr("Date: ")));
}

TEST_F(ResponseTest, streams_in_chunks) {
  serve([](Request, Response response) -> Promise<void> {
    co_await response.write("one");
    co_await response.write("");
    co_await response.write("sixteen letters!");
    response.end("end");
  });
  EXPECT_EQ(get("GET / HTTP/1.1"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            "3\r\none\r\n10\r\nsixteen letters!\r\n3\r\nend\r\n0\r\n\r\n");
}

TEST_F(ResponseTest, streams_raw_to_a_client_of_http_1_0) {
  serve([](Request, Response response) -> Promise<void> {
    co_await response.write("one");
    response.end("two");
  });
  EXPECT_EQ(talk("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo");
}

TEST_F(ResponseTest, streams_raw_if_the_handler_says_how_much) {
  serve([](Request, Response response) -> Promise<void> {
    response.headers().set("Content-Length", "6");
    co_await response.write("one");
    response.end("two");
  });
  EXPECT_EQ(get("GET / HTTP/1.1"),
            "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nConnection: close\r\n\r\nonetwo");
}

TEST_F(ResponseTest, refuses_to_write_more_than_was_said) {
  std::string error;
  serve([&](Request, Response response) -> Promise<void> {
    response.headers().set("Content-Length", "3");
    try {
      co_await response.write("four");
    } catch (const std::length_error& failure) {
      error = failure.what();
    }
    response.end("one");
  });
  EXPECT_EQ(body_of(get("GET / HTTP/1.1")), "one");
  EXPECT_EQ(error, "http::Response: more was written than its Content-Length says");
}

TEST_F(ResponseTest, ends_the_connection_rather_than_send_less_than_was_said) {
  serve([](Request, Response response) -> Promise<void> {
    response.headers().set("Content-Length", "100");
    co_await response.write("one");
    response.end();
  });
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(body_of(client->text()), "one");
}

TEST_F(ResponseTest, has_no_body_for_head) {
  serve([](Request, Response response) { response.end("hello"); });
  EXPECT_EQ(get("HEAD / HTTP/1.1"),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n");
}

TEST_F(ResponseTest, has_no_body_for_head_when_streamed_either) {
  serve([](Request, Response response) -> Promise<void> {
    co_await response.write("hel");
    response.end("lo");
  });
  EXPECT_EQ(get("HEAD / HTTP/1.1"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

class Bodyless : public ResponseTest, public testing::WithParamInterface<int> {};

TEST_P(Bodyless, has_no_body) {
  serve([](Request, Response response) { response.status(GetParam()).end("hello"); });
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.0\r\n\r\n");
  run_until([&] { return client->got.over(); });
  EXPECT_THAT(client->text(), Not(HasSubstr("hello")));
  EXPECT_THAT(client->text(), Not(HasSubstr("chunked")));
}

INSTANTIATE_TEST_SUITE_P(Statuses, Bodyless, testing::Values(204, 205, 304));

TEST_F(ResponseTest, frames_itself_whatever_the_handler_says) {
  serve([](Request, Response response) {
    response.headers().set("Transfer-Encoding", "gzip").set("Content-Length", "77");
    response.headers().set("Connection", "upgrade");
    response.end("ok");
  });
  EXPECT_EQ(get("GET / HTTP/1.1"),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

TEST_F(ResponseTest, may_ask_for_the_end_of_the_connection) {
  serve([](Request, Response response) {
    response.headers().set("Connection", "Close");
    response.end();
  });
  EXPECT_EQ(talk("GET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_F(ResponseTest, sends_a_large_body_whole) {
  serve([](Request, Response response) { response.end(std::string(5 << 20, 'x')); });
  EXPECT_EQ(body_of(get("GET / HTTP/1.1")).size(), 5u << 20);
}

TEST_F(ResponseTest, answers_500_when_it_is_let_go_of) {
  serve([](Request, Response response) { response.headers().set("X-Half", "done"); });
  EXPECT_EQ(get("GET / HTTP/1.1"),
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n"
            "Connection: close\r\n\r\n");
}

TEST_F(ResponseTest, ends_the_connection_when_it_is_let_go_of_half_way) {
  serve([](Request, Response response) -> Promise<void> { co_await response.write("half"); });
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  run_until([&] { return client->got.over(); });
  EXPECT_THAT(client->text(), HasSubstr("half"));
  EXPECT_THAT(client->text(), Not(HasSubstr("0\r\n\r\n")));
}

TEST_F(ResponseTest, may_be_kept_and_ended_later) {
  serve([](Request, Response response) {
    auto kept = std::make_shared<Response>(std::move(response));
    set_immediate([kept] { kept->end("later"); });
  });
  EXPECT_EQ(body_of(get("GET / HTTP/1.1")), "later");
}

TEST_F(ResponseTest, may_be_replaced) {
  serve([](Request, Response response) {
    Response other = std::move(response);
    EXPECT_FALSE(response);
    response = std::move(other);
    response.end("ok");
    response.end("again");
  });
  EXPECT_EQ(body_of(get("GET / HTTP/1.1")), "ok");
}

TEST_F(ResponseTest, knows_how_far_it_is) {
  serve([](Request, Response response) {
    EXPECT_TRUE(response.is_open());
    EXPECT_FALSE(response.head_sent());
    response.write("x").detach();
    EXPECT_TRUE(response.head_sent());
    EXPECT_FALSE(response.ended());
    response.end();
    EXPECT_TRUE(response.ended());
  });
  get("GET / HTTP/1.1");
}

TEST_F(ResponseTest, refuses_changes_of_a_head_that_was_sent) {
  serve([](Request, Response response) {
    response.end();
    EXPECT_THROW(response.status(404), std::logic_error);
    EXPECT_THROW(response.headers(), std::logic_error);
    EXPECT_EQ(std::as_const(response).headers().size(), 0u);
    EXPECT_EQ(response.status(), 200);
  });
  EXPECT_EQ(status_of(get("GET / HTTP/1.1")), "200");
}

TEST_F(ResponseTest, refuses_what_is_no_status) {
  serve([](Request, Response response) {
    EXPECT_THROW(response.status(100), std::invalid_argument);
    EXPECT_THROW(response.status(1000), std::invalid_argument);
    response.status(599).end();
  });
  EXPECT_THAT(get("GET / HTTP/1.1"), testing::StartsWith("HTTP/1.1 599 \r\n"));
}

TEST_F(ResponseTest, refuses_to_write_after_its_end) {
  std::string error;
  serve([&](Request, Response response) -> Promise<void> {
    response.end();
    try {
      co_await response.write("more");
    } catch (const Error& failure) {
      error = failure.name();
    }
  });
  EXPECT_EQ(body_of(get("GET / HTTP/1.1")), "");
  run_until([&] { return !error.empty(); });
  EXPECT_EQ(error, "EPIPE");
}

TEST_F(ResponseTest, cannot_be_written_when_the_client_is_gone) {
  std::optional<Response> kept;
  serve([&](Request, Response response) { kept = std::move(response); });
  auto client = connect();
  client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  run_until([&] { return kept.has_value(); });
  server.reset();
  EXPECT_FALSE(kept->is_open());
  EXPECT_THAT(failure_of(kept->write("x")), HasSubstr("ECANCELED"));
  kept->end("x");
}

TEST_F(ResponseTest, makes_the_writer_wait_for_a_slow_client) {
  bool written = false;
  serve([&](Request, Response response) -> Promise<void> {
    co_await response.write(std::string(16 << 20, 'x'));
    written = true;
    response.end();
  });
  auto client = connect();
  client->socket.pause();
  client->send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  settle();
  EXPECT_FALSE(written);
  client->socket.resume();
  run_until([&] { return client->got.over(); });
  EXPECT_TRUE(written);
}

}  // namespace
}  // namespace contrail::http
