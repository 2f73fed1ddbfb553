// How long a stream waits for data, and whether the loop waits for the stream.

#include <array>

#include "contrail/async_local_storage.h"
#include "contrail/testing/fake_clock.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using Chunk = Result<std::span<const std::byte>>;

class ReadTimeout : public TcpTest {
 protected:
  /// By the loop's clock, which stands still otherwise.
  void pass(std::chrono::milliseconds time) {
    clock->advance(time);
    settle();
  }
  /// Notes in `failure` what it fails with.
  void watch(Promise<std::size_t> read) {
    auto note = [this](std::exception_ptr error) -> std::size_t {
      try {
        std::rethrow_exception(std::move(error));
      } catch (const Error& caught) {
        failure = caught.what();
      }
      return 0;
    };
    read.catch_error(note).detach();
  }
  std::string failure;

  void TearDown() override {
    settle();
    clock.reset();
    TcpTest::TearDown();
  }

  std::optional<testing::FakeClock> clock{std::in_place};
  std::array<std::byte, 4> buffer;
};

TEST_F(ReadTimeout, fails_a_read_that_waits_as_long) {
  auto [socket, peer] = connected_to_peer();
  socket.set_read_timeout(100ms);
  watch(socket.read(buffer));
  pass(99ms);
  EXPECT_EQ(failure, "");
  pass(1ms);
  EXPECT_EQ(failure,
            "read " + socket.remote_address().to_string() + ": ETIMEDOUT: connection timed out");
}

TEST_F(ReadTimeout, is_not_the_end_and_the_next_read_gets_the_bytes) {
  auto [socket, peer] = connected_to_peer();
  socket.set_read_timeout(100ms);
  watch(socket.read(buffer));
  pass(100ms);
  EXPECT_THAT(failure, HasSubstr("ETIMEDOUT"));
  EXPECT_TRUE(socket.is_readable());
  peer.send("late");
  EXPECT_EQ(wait(socket.read(buffer)), 4u);
}

TEST_F(ReadTimeout, counts_from_the_last_bytes) {
  auto [socket, peer] = connected_to_peer();
  std::string told;
  socket.set_read_timeout(100ms);
  socket.on_data([&](Chunk chunk) {
    told += chunk ? std::string(as_text(*chunk)) : std::string(chunk.error().name());
  });
  pass(60ms);
  peer.send("a");
  run_until([&] { return told == "a"; });
  pass(60ms);
  EXPECT_EQ(told, "a");
  pass(40ms);
  EXPECT_EQ(told, "aETIMEDOUT");
}

TEST_F(ReadTimeout, is_told_to_on_data_again_and_again) {
  auto [socket, peer] = connected_to_peer();
  int told = 0;
  socket.set_read_timeout(100ms);
  socket.on_data([&](Chunk chunk) { told += !chunk; });
  pass(100ms);
  EXPECT_EQ(told, 1);
  pass(100ms);
  EXPECT_EQ(told, 2);
  socket.set_read_timeout(0ms);
  pass(1000ms);
  EXPECT_EQ(told, 2);
}

TEST_F(ReadTimeout, takes_one_timer_for_many_reads) {
  auto [socket, peer] = connected_to_peer();
  AnnouncedTypes types;
  socket.set_read_timeout(100ms);
  for (int i = 0; i < 100; ++i) {
    peer.send("abcd");
    EXPECT_EQ(wait(socket.read(buffer)), 4u);
  }
  EXPECT_EQ(types.count("Timeout"), 1);
}

TEST_F(ReadTimeout, does_not_count_while_nobody_waits) {
  auto [socket, peer] = connected_to_peer();
  int told = 0;
  socket.set_read_timeout(100ms);
  socket.on_data([&](Chunk chunk) { told += !chunk; });
  socket.pause();
  pass(500ms);
  socket.resume();
  pass(99ms);
  EXPECT_EQ(told, 0);
  pass(1ms);
  EXPECT_EQ(told, 1);
}

TEST_F(ReadTimeout, may_be_set_while_a_read_waits) {
  auto [socket, peer] = connected_to_peer();
  watch(socket.read(buffer));
  socket.set_read_timeout(100ms);
  pass(100ms);
  EXPECT_THAT(failure, HasSubstr("ETIMEDOUT"));
}

TEST_F(ReadTimeout, is_told_in_the_context_of_the_stream) {
  AsyncLocalStorage<int> storage;
  auto [socket, peer] = connected_to_peer();
  int seen = 0;
  AsyncId by = no_async_id;
  socket.on_data([&](Chunk) {
    seen = storage.get_store() ? *storage.get_store() : -1;
    by = execution_async_id();
  });
  storage.run(7, [&, &socket = socket] { socket.set_read_timeout(100ms); });
  pass(100ms);
  EXPECT_EQ(seen, -1);
  EXPECT_EQ(by, socket.async_id());
}

TEST_F(ReadTimeout, may_close_the_stream_when_told) {
  auto [socket, peer] = connected_to_peer();
  socket.set_read_timeout(100ms);
  socket.on_data([&socket = socket](Chunk) { socket.close(); });
  pass(100ms);
  EXPECT_FALSE(socket.is_open());
}

TEST_F(ReadTimeout, may_be_longer_than_a_timer) {
  auto [socket, peer] = connected_to_peer();
  AnnouncedTypes types;
  socket.set_read_timeout(std::chrono::milliseconds::max());
  watch(socket.read(buffer));
  pass(24h * 100);
  EXPECT_EQ(failure, "");
  EXPECT_LE(types.count("Timeout"), 6);
  socket.set_read_timeout(0ms);
  socket.close();
}

TEST_F(ReadTimeout, goes_with_the_stream) {
  auto [socket, peer] = connected_to_peer();
  socket.set_read_timeout(100ms);
  auto read = socket.read(buffer);
  socket.close();
  EXPECT_THAT(failure_of(std::move(read)), HasSubstr("ECANCELED"));
  pass(1000ms);
}

// --- what a stream says of itself ---------------------------------------------------------------
// -----------------------------------------------------------------

using StreamQueries = TcpTest;

TEST_F(StreamQueries, readable_ends_with_the_end) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  EXPECT_TRUE(socket.is_readable());
  peer.end();
  EXPECT_EQ(wait(socket.read(buffer)), 0u);
  EXPECT_FALSE(socket.is_readable());
  EXPECT_TRUE(socket.is_writable());
}

TEST_F(StreamQueries, writable_ends_with_shutdown) {
  auto [socket, peer] = connected_to_peer();
  EXPECT_TRUE(socket.is_writable());
  socket.shutdown(ignore);
  EXPECT_FALSE(socket.is_writable());
  EXPECT_TRUE(socket.is_readable());
}

TEST_F(StreamQueries, both_end_with_close) {
  auto [socket, peer] = connected_to_peer();
  socket.close();
  EXPECT_FALSE(socket.is_readable());
  EXPECT_FALSE(socket.is_writable());
  EXPECT_FALSE(TcpSocket().is_readable());
}

TEST_F(StreamQueries, an_unrefd_stream_does_not_keep_the_loop_running) {
  auto [socket, peer] = connected_to_peer();
  socket.on_data([](Chunk) {});
  EXPECT_TRUE(socket.has_ref());
  socket.unref();
  EXPECT_FALSE(socket.has_ref());
  loop().run();
  EXPECT_TRUE(socket.is_open());
  socket.ref();
  EXPECT_TRUE(socket.has_ref());
}

TEST_F(StreamQueries, a_timeout_does_not_keep_the_loop_running_for_an_unrefd_stream) {
  auto [socket, peer] = connected_to_peer();
  socket.set_read_timeout(1h);
  socket.on_data([](Chunk) {});
  socket.unref();
  loop().run();
  EXPECT_TRUE(socket.is_open());
}

}  // namespace
}  // namespace contrail
