#include "contrail/http/request.h"

#include <vector>

#include "http_test.h"

namespace contrail::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Chunk = Result<std::span<const std::byte>>;

constexpr const char* post_head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n";

class RequestTest : public HttpTest {
 protected:
  /// Keeps what the handler gets.
  void serve_and_keep(ServerOptions options = {}) {
    serve(
        [this](Request given, Response to_answer) {
          request = std::move(given);
          response = std::move(to_answer);
        },
        options);
  }
  std::unique_ptr<Client> send(std::string text) {
    auto client = connect();
    client->send(std::move(text));
    run_until([&] { return request.has_value(); });
    return client;
  }
  void TearDown() override {
    response.reset();
    request.reset();
    HttpTest::TearDown();
  }

  std::optional<Request> request;
  std::optional<Response> response;
};

TEST_F(RequestTest, says_what_was_asked) {
  serve_and_keep();
  auto client = send("GET /a/b%20c?q=1&r=?x HTTP/1.1\r\nHost: h\r\nX-Id:  7 \r\nx-id: 8\r\n\r\n");
  EXPECT_EQ(request->method(), "GET");
  EXPECT_EQ(request->target(), "/a/b%20c?q=1&r=?x");
  EXPECT_EQ(request->path(), "/a/b%20c");
  EXPECT_EQ(request->query(), "q=1&r=?x");
  EXPECT_EQ(request->version(), "1.1");
  EXPECT_THAT(request->headers().values("X-ID"), ElementsAre("7", "8"));
  EXPECT_EQ(request->remote_address(), client->socket.local_address());
}

TEST_F(RequestTest, finds_the_path_in_an_absolute_target) {
  serve_and_keep();
  auto client = send("GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(request->path(), "/a");
  EXPECT_EQ(request->query(), "b");
  EXPECT_EQ(request->target(), "http://h/a?b");
}

TEST_F(RequestTest, finds_no_path_in_the_query_of_an_absolute_target_that_has_none) {
  serve_and_keep();
  auto client = send("GET http://h?u=/path://x HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(request->path(), "/");
  EXPECT_EQ(request->query(), "u=/path://x");
}

TEST_F(RequestTest, stays_readable_when_its_connection_is_gone) {
  serve_and_keep();
  send("POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
  server.reset();
  settle();
  EXPECT_EQ(request->target(), "/x");
  EXPECT_EQ(wait(request->text()), "body");
}

TEST_F(RequestTest, stays_readable_when_the_next_one_has_come) {
  std::vector<Request> requests;
  serve([&](Request request, Response response) {
    requests.push_back(std::move(request));
    response.end();
  });
  auto client = connect();
  client->send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHost: h\r\n\r\n");
  run_until([&] { return requests.size() == 2; });
  EXPECT_EQ(requests[0].target(), "/1");
  EXPECT_EQ(requests[1].target(), "/2");
}

TEST_F(RequestTest, gives_the_whole_body_as_text) {
  serve_echo();
  auto client = connect();
  client->send("POST / HTTP/1.0\r\nContent-Length: 10\r\n\r\n12345");
  settle();
  client->send("67890");
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(body_of(client->text()), "1234567890");
}

TEST_F(RequestTest, gives_a_body_that_came_in_chunks) {
  serve_echo();
  EXPECT_EQ(body_of(talk("POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                         "Transfer-Encoding: chunked\r\n\r\n"
                         "5;ext=\"1\"\r\nhello\r\n00A\r\n, world...\r\n0\r\nX-Sum: 1\r\n\r\n")),
            "hello, world...");
}

TEST_F(RequestTest, keeps_trailers_out_of_its_headers) {
  serve_and_keep();
  send(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\nHost: evil\r\nContent-Length: 7\r\n\r\n");
  EXPECT_EQ(wait(request->text()), "");
  EXPECT_THAT(request->headers().values("host"), ElementsAre("h"));
  EXPECT_FALSE(request->headers().contains("content-length"));
}

TEST_F(RequestTest, has_an_empty_text_without_a_body) {
  serve_echo();
  EXPECT_EQ(body_of(get("GET / HTTP/1.1")), "");
}

TEST_F(RequestTest, gives_the_body_piece_by_piece) {
  serve_and_keep();
  auto client = send(std::string(post_head) + "12345");
  EXPECT_EQ(wait(request->read()), "12345");
  Promise<std::string> next = request->read();
  client->send("67890");
  EXPECT_EQ(wait(next), "67890");
  EXPECT_EQ(wait(request->read()), "");
  EXPECT_EQ(wait(request->read()), "");
}

TEST_F(RequestTest, gives_as_text_what_is_left) {
  serve_and_keep();
  auto client = send(std::string(post_head) + "12345");
  EXPECT_EQ(wait(request->read()), "12345");
  client->send("67890");
  EXPECT_EQ(wait(request->text()), "67890");
}

TEST_F(RequestTest, refuses_two_readers_at_a_time) {
  serve_and_keep();
  auto client = send(post_head);
  Promise<std::string> text = request->text();
  EXPECT_THAT(failure_of(request->read()), HasSubstr("EBUSY"));
  EXPECT_THROW(request->on_data([](Chunk) {}), Error);
  client->send("1234567890");
  EXPECT_EQ(wait(text), "1234567890");
}

TEST_F(RequestTest, calls_a_function_with_each_piece) {
  serve_and_keep();
  auto client = send(std::string(post_head) + "12345");
  std::vector<std::string> pieces;
  request->on_data([&](Chunk chunk) { pieces.emplace_back(as_text(*chunk)); });
  EXPECT_TRUE(pieces.empty());
  run_until([&] { return pieces.size() == 1; });
  client->send("67890");
  run_until([&] { return pieces.size() == 3; });
  EXPECT_THAT(pieces, ElementsAre("12345", "67890", ""));
}

TEST_F(RequestTest, calls_no_function_while_paused) {
  serve_and_keep();
  auto client = send(std::string(post_head) + "1234567890");
  std::string got;
  bool ended = false;
  request->on_data([&](Chunk chunk) {
    got += as_text(*chunk);
    ended = chunk->empty();
    request->pause();
  });
  settle();
  EXPECT_EQ(got, "1234567890");
  EXPECT_FALSE(ended);
  request->resume();
  run_until([&] { return ended; });
}

TEST_F(RequestTest, goes_on_with_its_function_after_it_threw) {
  catch_uncaught();
  serve_and_keep();
  auto client = send(std::string(post_head) + "12345");
  int calls = 0;
  request->on_data([&](Chunk) {
    if (++calls == 1) throw std::runtime_error("oops");
  });
  settle();
  client->send("67890");
  run_until([&] { return calls == 3; });
  EXPECT_EQ(uncaught, "oops");
}

TEST_F(RequestTest, may_be_let_go_of_inside_its_function) {
  serve_and_keep();
  auto client = send(std::string(post_head) + "12345");
  int calls = 0;
  request->on_data([&](Chunk) {
    ++calls;
    request.reset();
    response.reset();
    server.reset();
  });
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(calls, 2) << "a piece, and that there will be no more";
}

TEST_F(RequestTest, is_received_to_the_end_if_nobody_reads_it) {
  serve([](Request, Response response) { response.end("no, thanks"); });
  auto client = connect();
  client->send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 300000\r\n\r\n");
  run_until([&] { return client->has("no, thanks"); });
  client->send(std::string(300000, 'x') + "GET / HTTP/1.0\r\n\r\n");
  run_until([&] { return client->got.over(); });
  EXPECT_THAT(client->text(), testing::EndsWith("Connection: close\r\n\r\nno, thanks"));
}

TEST_F(RequestTest, takes_no_more_from_the_client_than_is_read) {
  serve_and_keep({.body_buffer_bytes_max = 1000});
  auto client = send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n");
  client->send(std::string(8000000, 'x'));
  settle();
  EXPECT_GT(client->socket.write_queue_size(), 0u);
  std::size_t size = 0;
  while (const std::size_t more = wait(request->read()).size()) size += more;
  EXPECT_EQ(size, 8000000u);
}

TEST_F(RequestTest, fails_to_be_read_when_the_client_vanishes) {
  serve_and_keep();
  auto client = send(std::string(post_head) + "12345");
  Promise<std::string> text = request->text();
  client->socket.close();
  EXPECT_THAT(failure_of(text), HasSubstr("read 127.0.0.1"));
  EXPECT_THAT(failure_of(request->read()), HasSubstr("ECONNRESET"));
}

TEST_F(RequestTest, tells_its_function_when_the_client_vanishes) {
  serve_and_keep();
  auto client = send(post_head);
  std::string error;
  request->on_data([&](Chunk chunk) { error = chunk ? "" : chunk.error().name(); });
  client->socket.close();
  run_until([&] { return !error.empty(); });
  EXPECT_EQ(error, "ECONNRESET");
  EXPECT_FALSE(response->is_open());
}

TEST_F(RequestTest, fails_to_be_read_when_it_goes_wrong) {
  serve_and_keep();
  auto client = send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n");
  Promise<std::string> text = request->text();
  client->send("hello!!");
  EXPECT_THAT(failure_of(text), HasSubstr("EPROTO"));
  run_until([&] { return client->got.over(); });
  EXPECT_EQ(status_of(client->text()), "400");
}

TEST_F(RequestTest, fails_to_be_read_when_the_server_is_closed) {
  serve_and_keep();
  auto client = send(post_head);
  Promise<std::string> text = request->text();
  server.reset();
  EXPECT_THAT(failure_of(text), HasSubstr("ECANCELED"));
}

TEST_F(RequestTest, asks_for_the_body_when_it_is_wanted) {
  serve_and_keep();
  auto client = send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  settle();
  EXPECT_EQ(client->text(), "");
  Promise<std::string> text = request->text();
  run_until([&] { return client->has("100 Continue\r\n\r\n"); });
  client->send("ok");
  EXPECT_EQ(wait(text), "ok");
  response->end();
  run_until([&] { return client->has("200 OK"); });
  EXPECT_THAT(client->text(), testing::StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"));
}

TEST_F(RequestTest, does_not_ask_for_a_body_that_nobody_wants) {
  serve([](Request, Response response) { response.status(403).end(); });
  const std::string answer =
      talk("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(answer, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_F(RequestTest, needs_no_asking_if_the_body_is_there) {
  serve_echo();
  EXPECT_EQ(talk("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nConnection: close\r\n"
                 "Content-Length: 2\r\n\r\nok"),
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
}

}  // namespace
}  // namespace contrail::http
