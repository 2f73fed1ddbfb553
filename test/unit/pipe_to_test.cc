#include "contrail/pipe_to.h"

#include "contrail/file.h"
#include "contrail/promise_combinators.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;

class PipeTo : public TcpTest {
 protected:
  PipeTo() : from(connected_ends()), to(connected_ends()) {}
  void TearDown() override {
    for (TcpSocket* socket : {&from.client, &from.server, &to.client, &to.server}) {
      if (*socket) socket->close();
    }
    TcpTest::TearDown();
  }
  Stream& source() { return from.server; }
  Stream& destination() { return to.client; }

  Ends from;  ///< from.client writes what is read from from.server,
  Ends to;    ///< and written to to.client, whose other end to.server is.
};

TEST_F(PipeTo, passes_everything_on_and_counts_it) {
  const std::string text(3 << 20, 'x');
  Collected got;
  collect(to.server, got);
  from.client.write(text, ignore);
  from.client.shutdown(ignore);
  EXPECT_EQ(wait(pipe_to(source(), destination())), text.size());
  run_until([&] { return got.over(); });
  EXPECT_TRUE(got.text == text);
  EXPECT_TRUE(got.ended);
}

TEST_F(PipeTo, leaves_the_destination_open_if_told_so) {
  Collected got;
  collect(to.server, got);
  from.client.write("one", ignore);
  from.client.shutdown(ignore);
  EXPECT_EQ(wait(pipe_to(source(), destination(), {.end = false})), 3u);
  wait(destination().write(", two"));
  run_until([&] { return got.text == "one, two"; });
  EXPECT_FALSE(got.ended);
}

TEST_F(PipeTo, still_reads_a_destination_that_it_has_ended) {
  from.client.shutdown(ignore);
  EXPECT_EQ(wait(pipe_to(source(), destination())), 0u);
  Collected got;
  collect(to.client, got);
  to.server.write("answer", ignore);
  run_until([&] { return got.text == "answer"; });
}

TEST_F(PipeTo, keeps_no_more_than_a_chunk_for_a_destination_that_does_not_read) {
  const std::size_t chunk = 32 * 1024;
  from.client.write(std::string(32 << 20, 'x'), ignore);
  auto piped = pipe_to(source(), destination(), {.chunk = chunk});
  std::size_t most = 0;
  for (int turn = 0; turn < 2000; ++turn) {
    loop().run_nowait();
    most = std::max(most, destination().write_queue_size());
  }
  EXPECT_TRUE(piped.pending());
  EXPECT_GT(most, 0u) << "the system took everything: it was not full";
  EXPECT_LE(most, chunk);
  to.client.close();
  EXPECT_THAT(failure_of(std::move(piped)), HasSubstr("ECANCELED"));
}

TEST_F(PipeTo, goes_both_ways_at_once) {
  Collected at_client;
  Collected at_server;
  collect(from.client, at_client);
  collect(to.server, at_server);
  from.client.write("question", ignore);
  from.client.shutdown(ignore);
  to.server.write("answer", ignore);
  to.server.shutdown(ignore);
  auto there = pipe_to(source(), destination());
  auto back = pipe_to(destination(), source());
  EXPECT_EQ(wait(std::move(there)), 8u);
  EXPECT_EQ(wait(std::move(back)), 6u);
  run_until([&] { return at_client.over() && at_server.over(); });
  EXPECT_EQ(at_client.text, "answer");
  EXPECT_EQ(at_server.text, "question");
}

TEST_F(PipeTo, fails_as_its_source_does) {
  auto piped = pipe_to(source(), destination());
  from.client.close_reset();
  EXPECT_THAT(failure_of(std::move(piped)), HasSubstr("read 127.0.0.1:"));
  EXPECT_TRUE(destination().is_writable());
}

TEST_F(PipeTo, fails_as_its_destination_does) {
  to.server.close_reset();
  settle();
  from.client.write("x", ignore);
  EXPECT_THAT(failure_of(pipe_to(source(), destination())), HasSubstr("write 127.0.0.1:"));
  EXPECT_TRUE(source().is_readable());
}

TEST_F(PipeTo, stops_at_its_token_and_loses_nothing_that_was_not_read) {
  std::stop_source stop;
  auto piped = pipe_to(source(), destination(), {}, stop.get_token());
  settle();
  stop.request_stop();
  EXPECT_THAT(failure_of(std::move(piped)), HasSubstr("ECANCELED"));
  from.client.write("later", ignore);
  Collected got;
  collect(source(), got);
  run_until([&] { return got.text == "later"; });
}

TEST_F(PipeTo, reads_from_a_file) {
  const TempDir folder;
  const std::string text(300000, 'y');
  FileReader file(wait(File::open(folder.file("in", text))));
  Collected got;
  collect(to.server, got);
  EXPECT_EQ(wait(pipe_to(file, destination())), text.size());
  run_until([&] { return got.over(); });
  EXPECT_TRUE(got.text == text);
  wait(file.close());
}

TEST_F(PipeTo, writes_to_a_file_and_closes_it) {
  const TempDir folder;
  const std::string path = folder.path() / "out";
  FileWriter file(wait(File::open(path, {.write = true, .create = true})));
  from.client.write("to the file", ignore);
  from.client.shutdown(ignore);
  EXPECT_EQ(wait(pipe_to(source(), file)), 11u);
  EXPECT_EQ(wait(fs::read_file(path)), "to the file");
}

/// A destination of one's own.
struct Upper {
  Promise<void> write(std::string piece, std::stop_token, CreationSite) {
    for (char letter : piece) text += static_cast<char>(letter - 'a' + 'A');
    return Promise<void>::resolve();
  }
  Promise<void> close(CreationSite) {
    closed = true;
    return Promise<void>::resolve();
  }
  std::string text;
  bool closed = false;
};

TEST_F(PipeTo, writes_to_whatever_can_be_written_to) {
  Upper upper;
  from.client.write("abc", ignore);
  from.client.shutdown(ignore);
  wait(pipe_to(source(), upper));
  EXPECT_EQ(upper.text, "ABC");
  EXPECT_TRUE(upper.closed);
}

}  // namespace
}  // namespace contrail
