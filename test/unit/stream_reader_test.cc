#include "contrail/stream_reader.h"

#include <random>

#include "contrail/cancellation.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Line = std::optional<std::string>;

class StreamReaderTest : public TcpTest {
 protected:
  StreamReaderTest() {
    auto [ours, theirs] = connected_to_peer();
    socket = std::move(ours);
    peer.emplace(std::move(theirs));
  }
  void TearDown() override {
    socket.close();
    TcpTest::TearDown();
  }
  void send_and_end(std::string_view text) {
    peer->send(text);
    peer->end();
  }

  TcpSocket socket;
  std::optional<RawPeer> peer;
};

Promise<std::vector<std::string>> lines_of(Stream& stream) {
  StreamReader reader(stream);
  std::vector<std::string> lines;
  while (const Line line = co_await reader.read_line()) lines.push_back(*line);
  co_return lines;
}

TEST_F(StreamReaderTest, reads_lines_in_a_loop) {
  send_and_end("one\ntwo\r\n\n\r\nlast");
  EXPECT_THAT(wait(lines_of(socket)), ::testing::ElementsAre("one", "two", "", "", "last"));
}

TEST_F(StreamReaderTest, has_no_line_after_a_final_newline) {
  send_and_end("one\n");
  EXPECT_THAT(wait(lines_of(socket)), ::testing::ElementsAre("one"));
}

TEST_F(StreamReaderTest, says_the_end_however_often_it_is_asked) {
  peer->end();
  StreamReader reader(socket);
  EXPECT_EQ(wait(reader.read_line()), std::nullopt);
  EXPECT_EQ(wait(reader.read_line()), std::nullopt);
  EXPECT_EQ(wait(reader.read_some()), "");
  EXPECT_EQ(wait(reader.read_all(9)), "");
}

TEST_F(StreamReaderTest, joins_a_line_that_comes_in_pieces) {
  StreamReader reader(socket);
  auto line = reader.read_line();
  for (const char* piece : {"a", "b\r", "\nc"}) {
    peer->send(piece);
    settle();
  }
  EXPECT_EQ(wait(std::move(line)), "ab");
  EXPECT_EQ(reader.buffered(), "c");
}

TEST_F(StreamReaderTest, keeps_a_carriage_return_within_a_line) {
  send_and_end("a\rb\r\r\nc\r");
  EXPECT_THAT(wait(lines_of(socket)), ::testing::ElementsAre("a\rb\r", "c\r"));
}

TEST_F(StreamReaderTest, refuses_a_line_that_is_too_long_and_leaves_it_there) {
  StreamReader reader(socket, {.piece_max = 4});
  send_and_end("1234\r\n12345\n");
  EXPECT_EQ(wait(reader.read_line()), "1234");
  EXPECT_EQ(failure_of(reader.read_line()), "read_line: EMSGSIZE: longer than 4 bytes");
  EXPECT_EQ(wait(reader.read_all(100)), "12345\n");
}

TEST_F(StreamReaderTest, refuses_a_last_line_that_is_too_long) {
  StreamReader reader(socket, {.piece_max = 4});
  send_and_end("12345");
  EXPECT_THAT(failure_of(reader.read_line()), HasSubstr("EMSGSIZE"));
}

TEST_F(StreamReaderTest, does_not_wait_for_the_end_of_a_line_that_is_too_long) {
  StreamReader reader(socket, {.piece_max = 100});
  peer->send(std::string(1000, 'x'));
  EXPECT_THAT(failure_of(reader.read_line()), HasSubstr("EMSGSIZE"));
}

TEST_F(StreamReaderTest, reads_exactly_so_many_bytes) {
  StreamReader reader(socket);
  send_and_end("abcdefg");
  EXPECT_EQ(wait(reader.read_exactly(3)), "abc");
  EXPECT_EQ(wait(reader.read_exactly(0)), "");
  EXPECT_EQ(failure_of(reader.read_exactly(5)), "read_exactly: EOF: after 4 of 5 bytes");
  EXPECT_EQ(wait(reader.read_exactly(4)), "defg");
}

TEST_F(StreamReaderTest, reads_up_to_a_delimiter_that_comes_in_pieces) {
  StreamReader reader(socket, {.piece_max = 4});
  auto piece = reader.read_until("--");
  for (const char* part : {"a", "b-", "-c"}) {
    peer->send(part);
    settle();
  }
  EXPECT_EQ(wait(std::move(piece)), "ab");
  peer->end();
  EXPECT_EQ(wait(reader.read_until("--")), "c");
  EXPECT_EQ(wait(reader.read_until("--")), std::nullopt);
}

TEST_F(StreamReaderTest, refuses_an_empty_delimiter) {
  StreamReader reader(socket);
  EXPECT_THAT(failure_of(reader.read_until("")), HasSubstr("EINVAL"));
}

TEST_F(StreamReaderTest, reads_some_of_what_is_there) {
  StreamReader reader(socket);
  peer->send("abcde");
  EXPECT_EQ(wait(reader.read_some(2)), "ab");
  EXPECT_EQ(wait(reader.read_some()), "cde");
}

TEST_F(StreamReaderTest, reads_all_up_to_a_limit) {
  StreamReader reader(socket);
  send_and_end("abcde");
  EXPECT_EQ(failure_of(reader.read_all(4)), "read_all: EMSGSIZE: longer than 4 bytes");
  EXPECT_EQ(wait(reader.read_all(5)), "abcde");
}

TEST_F(StreamReaderTest, loses_nothing_between_its_calls) {
  StreamReader reader(socket);
  send_and_end("GET /\r\nLength: 4\r\n\r\nbodyrest;end");
  EXPECT_EQ(wait(reader.read_line()), "GET /");
  EXPECT_EQ(wait(reader.read_until("\r\n\r\n")), "Length: 4");
  EXPECT_EQ(wait(reader.read_exactly(4)), "body");
  EXPECT_EQ(wait(reader.read_until(";")), "rest");
  EXPECT_EQ(wait(reader.read_all(10)), "end");
}

TEST_F(StreamReaderTest, loses_nothing_when_it_is_cancelled) {
  StreamReader reader(socket);
  std::stop_source source;
  auto line = reader.read_line(source.get_token());
  peer->send("first half");
  run_until([&] { return !reader.buffered().empty(); });
  source.request_stop();
  EXPECT_THAT(failure_of(std::move(line)), HasSubstr("ECANCELED"));
  peer->send(", second half\n");
  EXPECT_EQ(wait(reader.read_line()), "first half, second half");
}

TEST_F(StreamReaderTest, loses_nothing_when_it_takes_too_long) {
  StreamReader reader(socket);
  peer->send("half");
  EXPECT_THAT(failure_of(with_timeout(reader.read_line(), 20ms)), HasSubstr("ETIMEDOUT"));
  send_and_end("\n");
  EXPECT_EQ(wait(reader.read_line()), "half");
}

TEST_F(StreamReaderTest, reads_nothing_if_it_is_cancelled_first) {
  StreamReader reader(socket);
  std::stop_source source;
  source.request_stop();
  EXPECT_EQ(failure_of(reader.read_line(source.get_token())),
            "read_line: ECANCELED: operation canceled");
}

TEST_F(StreamReaderTest, refuses_a_second_call_while_one_waits) {
  StreamReader reader(socket);
  auto line = reader.read_line();
  EXPECT_THAT(failure_of(reader.read_some()), HasSubstr("EBUSY"));
  peer->send("a\n");
  EXPECT_EQ(wait(std::move(line)), "a");
}

TEST_F(StreamReaderTest, fails_as_the_stream_does_and_keeps_what_came_before) {
  StreamReader reader(socket);
  auto line = reader.read_line();
  peer->send("half");
  run_until([&] { return !reader.buffered().empty(); });
  peer->reset();
  EXPECT_THAT(failure_of(std::move(line)), HasSubstr("ECONNRESET"));
  EXPECT_EQ(wait(reader.read_some()), "half");
}

TEST_F(StreamReaderTest, may_go_while_a_call_waits) {
  std::optional<StreamReader> reader(std::in_place, socket);
  auto line = reader->read_line();
  reader.reset();
  peer->send("late\n");
  EXPECT_EQ(wait(std::move(line)), "late");
}

TEST_F(StreamReaderTest, may_be_moved_while_a_call_waits) {
  StreamReader reader(socket);
  auto line = reader.read_line();
  StreamReader moved = std::move(reader);
  peer->send("one\ntwo\n");
  EXPECT_EQ(wait(std::move(line)), "one");
  EXPECT_EQ(wait(moved.read_line()), "two");
}

/// The same text, whatever calls it is read by and however it arrives.
TEST_F(StreamReaderTest, gives_back_what_was_sent_whatever_it_is_asked_for) {
  std::mt19937 random(7);
  std::string sent;
  for (int i = 0; i < 30000; ++i) sent += "ab\r\n;"[random() % 5];
  peer->send(sent);
  peer->end();
  StreamReader reader(socket);
  std::string got;
  while (got.size() < sent.size()) {
    const auto left = sent.size() - got.size();
    switch (random() % 3) {
      case 0: got += wait(reader.read_some(1 + random() % 50)); break;
      case 1: got += wait(reader.read_exactly(std::min<std::size_t>(left, random() % 50))); break;
      default: {
        const Line piece = wait(reader.read_until(";"));
        got += piece.value_or("");
        if (got.size() < sent.size()) got += ';';
      }
    }
  }
  EXPECT_TRUE(got == sent);
}

TEST(StreamReaderDeathTest, using_a_moved_from_reader_says_so) {
  Loop loop;
  TcpSocket socket;
  StreamReader reader(socket);
  StreamReader moved = std::move(reader);
  EXPECT_DEATH(static_cast<void>(reader.buffered()), "StreamReader");
}

}  // namespace
}  // namespace contrail
