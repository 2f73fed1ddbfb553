#include "contrail/stream.h"

#include <dlfcn.h>
#include <sys/uio.h>

#include <array>
#include <functional>
#include <thread>

#include "contrail/microtask.h"
#include "support/tcp_test.h"

namespace {
/// Called once, after the next writev().
std::function<void()> after_writev;
}  // namespace

/// In place of the system's.
extern "C" [[gnu::visibility("default")]] ssize_t writev(int to, const iovec* parts, int count) {
  using System = ssize_t (*)(int, const iovec*, int);
  static const auto system = reinterpret_cast<System>(::dlsym(RTLD_NEXT, "writev"));
  const ssize_t written = system(to, parts, count);
  if (auto act = std::exchange(after_writev, nullptr)) act();
  return written;
}

namespace contrail {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using Chunk = Result<std::span<const std::byte>>;

/// More than the system takes at once.
std::string much(std::size_t size = 8 << 20) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 31 % 101 % 26);
  return text;
}

class StreamTest : public TcpTest {
 protected:
  /// What a read of up to four bytes brings.
  std::string read_four(Stream& stream) {
    std::array<std::byte, 4> buffer;
    const std::size_t size = wait(stream.read(buffer));
    return std::string(as_text(std::span(buffer).first(size)));
  }
};

TEST_F(StreamTest, delivers_what_the_other_end_writes) {
  auto [client, server] = connected_ends();
  Collected got;
  collect(server, got);
  client.write("ping", ignore);
  run_until([&] { return got.text == "ping"; });
}

TEST_F(StreamTest, echoes_in_callback_style) {
  auto [socket, peer] = connected_to_peer();
  socket.on_data([&socket = socket](Chunk chunk) {
    if (chunk->empty()) return socket.close();
    socket.write(std::string(as_text(*chunk)), ignore);
  });
  peer.send("ping");
  peer.end();
  run_until([&socket = socket] { return !socket.is_open(); });
  settle();
  EXPECT_EQ(peer.receive_all(), "ping");
}

Promise<void> echo(TcpSocket socket) {
  std::array<std::byte, 3> buffer;
  while (const std::size_t size = co_await socket.read(buffer)) {
    co_await socket.write(std::string(as_text(std::span(buffer).first(size))));
  }
}

TEST_F(StreamTest, echoes_in_coroutine_style) {
  auto [socket, peer] = connected_to_peer();
  peer.send("ping pong");
  peer.end();
  wait(echo(std::move(socket)));
  settle();
  EXPECT_EQ(peer.receive_all(), "ping pong");
}

// --- reading ------------------------------------------------------------------------------------

TEST_F(StreamTest, read_fills_no_more_than_the_buffer) {
  auto [socket, peer] = connected_to_peer();
  peer.send("abcdef");
  EXPECT_EQ(read_four(socket), "abcd");
  EXPECT_EQ(read_four(socket), "ef");
}

TEST_F(StreamTest, read_says_0_at_the_end_however_often_it_is_asked) {
  auto [socket, peer] = connected_to_peer();
  peer.end();
  EXPECT_EQ(read_four(socket), "");
  EXPECT_EQ(read_four(socket), "");
}

TEST_F(StreamTest, a_second_read_is_refused_while_one_waits) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  auto first = socket.read(buffer);
  EXPECT_THAT(failure_of(socket.read(buffer)), ::testing::HasSubstr("EBUSY"));
  peer.send("a");
  EXPECT_EQ(wait(std::move(first)), 1u);
}

TEST_F(StreamTest, read_is_refused_while_on_data_listens) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  socket.on_data([](Chunk) {});
  EXPECT_THAT(failure_of(socket.read(buffer)), ::testing::HasSubstr("EBUSY"));
}

TEST_F(StreamTest, read_into_nothing_is_refused) {
  auto [socket, peer] = connected_to_peer();
  EXPECT_THAT(failure_of(socket.read({})), ::testing::HasSubstr("EINVAL"));
}

TEST_F(StreamTest, read_of_a_closed_stream_is_refused) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  socket.close();
  EXPECT_THAT(failure_of(socket.read(buffer)), ::testing::HasSubstr("EBADF"));
}

TEST_F(StreamTest, read_of_a_closed_stream_that_on_data_listened_to_is_refused_as_closed) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  socket.on_data([](Chunk) {});
  socket.close();
  EXPECT_THAT(failure_of(socket.read(buffer)), ::testing::HasSubstr("EBADF"));
}

TEST_F(StreamTest, a_read_that_waits_is_cancelled_by_close) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  auto waiting = socket.read(buffer);
  socket.close();
  EXPECT_THAT(failure_of(std::move(waiting)), ::testing::HasSubstr("ECANCELED"));
}

TEST_F(StreamTest, a_reset_by_the_peer_fails_the_read_and_the_next) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  const std::string expected =
      "read " + socket.remote_address().to_string() + ": ECONNRESET: connection reset by peer";
  peer.reset();
  EXPECT_EQ(failure_of(socket.read(buffer)), expected);
  EXPECT_EQ(failure_of(socket.read(buffer)), expected);
}

TEST_F(StreamTest, a_reset_by_the_peer_is_an_error_to_on_data) {
  auto [socket, peer] = connected_to_peer();
  Collected got;
  collect(socket, got);
  peer.reset();
  run_until([&] { return got.over(); });
  EXPECT_EQ(got.error, "ECONNRESET");
}

TEST_F(StreamTest, on_data_gets_what_a_waiting_read_leaves) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 2> buffer;
  Collected got;
  auto waiting = socket.read(buffer);
  collect(socket, got);
  peer.send("abcd");
  peer.end();
  EXPECT_EQ(wait(std::move(waiting)), 2u);
  run_until([&] { return got.over(); });
  EXPECT_EQ(got.text, "cd");
}

TEST_F(StreamTest, a_waiting_read_goes_on_when_on_data_is_removed) {
  auto [socket, peer] = connected_to_peer();
  std::array<std::byte, 4> buffer;
  auto waiting = socket.read(buffer);
  socket.on_data({});
  peer.send("ab");
  EXPECT_EQ(wait(std::move(waiting)), 2u);
}

TEST_F(StreamTest, read_goes_on_where_a_removed_on_data_stopped) {
  auto [socket, peer] = connected_to_peer();
  std::string got;
  socket.on_data([&, &socket = socket](Chunk chunk) {
    got += as_text(*chunk);
    socket.on_data({});
  });
  peer.send("ab");
  run_until([&] { return !got.empty(); });
  peer.send("cd");
  EXPECT_EQ(read_four(socket), "cd");
  EXPECT_EQ(got, "ab");
}

TEST_F(StreamTest, on_data_may_replace_itself) {
  auto [socket, peer] = connected_to_peer();
  Collected second;
  std::string first;
  socket.on_data([&, &socket = socket, alive = std::make_shared<int>(1)](Chunk chunk) {
    first += as_text(*chunk);
    collect(socket, second);
    EXPECT_EQ(*alive, 1);
  });
  peer.send("ab");
  run_until([&] { return !first.empty(); });
  peer.send("cd");
  run_until([&] { return second.text == "cd"; });
  EXPECT_EQ(first, "ab");
}

TEST_F(StreamTest, a_paused_stream_delivers_nothing) {
  auto [socket, peer] = connected_to_peer();
  Collected got;
  collect(socket, got);
  socket.pause();
  peer.send("ab");
  settle();
  EXPECT_EQ(got.text, "");
  socket.resume();
  run_until([&] { return got.text == "ab"; });
}

TEST_F(StreamTest, a_stream_paused_before_on_data_stays_so) {
  auto [socket, peer] = connected_to_peer();
  Collected got;
  socket.pause();
  collect(socket, got);
  peer.send("ab");
  settle();
  EXPECT_EQ(got.text, "");
  socket.resume();
  run_until([&] { return got.text == "ab"; });
}

TEST_F(StreamTest, may_be_paused_inside_on_data) {
  auto [socket, peer] = connected_to_peer();
  int chunks = 0;
  socket.on_data([&, &socket = socket](Chunk) {
    ++chunks;
    socket.pause();
  });
  peer.send("ab");
  run_until([&] { return chunks == 1; });
  peer.send("cd");
  settle();
  EXPECT_EQ(chunks, 1);
}

TEST_F(StreamTest, a_read_does_not_mind_pause) {
  auto [socket, peer] = connected_to_peer();
  socket.pause();
  peer.send("ab");
  EXPECT_EQ(read_four(socket), "ab");
}

// --- writing ------------------------------------------------------------------------------------

TEST_F(StreamTest, a_small_write_is_done_at_once_and_says_so_in_a_tick) {
  auto [socket, peer] = connected_to_peer();
  AnnouncedTypes types;
  bool done = false;
  socket.write("ping", [&](Result<void> result) { done = static_cast<bool>(result); });
  EXPECT_FALSE(done);
  settle();
  EXPECT_TRUE(done);
  EXPECT_EQ(types.count("TickObject"), 1);
  EXPECT_EQ(types.count("WRITEWRAP"), 0);
}

TEST_F(StreamTest, a_large_write_is_a_request_until_the_peer_takes_it) {
  auto [client, server] = connected_ends();
  AnnouncedTypes types;
  const std::string sent = much();
  auto written = client.write(sent);
  EXPECT_GT(client.write_queue_size(), 0u);
  EXPECT_EQ(types.count("WRITEWRAP"), 1);
  settle();
  EXPECT_TRUE(written.pending());
  Collected got;
  collect(server, got);
  wait(std::move(written));
  EXPECT_EQ(client.write_queue_size(), 0u);
  run_until([&] { return got.text.size() == sent.size(); });
  EXPECT_TRUE(got.text == sent);
}

TEST_F(StreamTest, a_write_that_waits_needs_nothing_of_what_it_was_shown) {
  auto [client, server] = connected_ends();
  Collected got;
  collect(server, got);
  std::string text = much();
  client.write(std::string_view(text), ignore);
  std::fill(text.begin(), text.end(), '-');
  client.write(std::as_bytes(std::span(text)), ignore);
  text.clear();
  client.shutdown(ignore);
  run_until([&] { return got.ended; });
  EXPECT_TRUE(got.text == much() + std::string(much().size(), '-'));
}

TEST_F(StreamTest, writes_arrive_and_finish_in_their_order) {
  auto [client, server] = connected_ends();
  std::string order;
  Collected got;
  const std::string large = much();
  client.write(large, [&](auto) { order += 'a'; });
  client.write("", [&](auto) { order += 'b'; });
  client.write("tail", [&](auto) { order += 'c'; });
  client.write("", [&](auto) { order += 'd'; });
  settle();
  EXPECT_EQ(order, "");
  collect(server, got);
  run_until([&] { return got.text.size() == large.size() + 4; });
  settle();
  EXPECT_EQ(order, "abcd");
  EXPECT_TRUE(got.text == large + "tail");
}

TEST_F(StreamTest, a_write_of_a_hook_comes_after_the_one_that_it_hears_of) {
  auto [client, server] = connected_ends();
  Collected got;
  collect(server, got);
  bool has_written = false;
  AsyncHook hook({.init = [&, &client = client](const ResourceInfo&) {
    if (std::exchange(has_written, true)) return;
    client.write("hook's", ignore);
  }});
  hook.enable();
  client.write(much(), ignore);
  EXPECT_TRUE(std::exchange(has_written, false));
  client.write(much()).detach();
  EXPECT_TRUE(has_written);
  client.shutdown(ignore);
  run_until([&] { return got.ended; });
  EXPECT_TRUE(got.text == much() + "hook's" + much() + "hook's");
}

TEST_F(StreamTest, an_empty_write_does_not_overtake_an_empty_write) {
  auto [client, server] = connected_ends();
  std::string order;
  Collected got;
  client.write(much(), [&, &client = client](auto) {
    order += 'a';
    client.write("", [&](auto) { order += 'c'; });
  });
  client.write("", [&](auto) { order += 'b'; });
  collect(server, got);
  run_until([&] { return order.size() == 3; });
  EXPECT_EQ(order, "abc");
}

TEST_F(StreamTest, an_empty_write_on_an_idle_stream_is_done_at_once) {
  auto [socket, peer] = connected_to_peer();
  AnnouncedTypes types;
  wait(socket.write(""));
  EXPECT_EQ(types.count("WRITEWRAP"), 0);
}

TEST_F(StreamTest, a_write_to_a_closed_stream_is_refused) {
  auto [socket, peer] = connected_to_peer();
  std::string error;
  socket.close();
  socket.write("ping", [&](Result<void> result) { error = result.error().name(); });
  EXPECT_EQ(error, "");
  EXPECT_THAT(failure_of(socket.write("ping")), ::testing::HasSubstr("EBADF"));
  EXPECT_EQ(error, "EBADF");
  EXPECT_EQ(socket.write_queue_size(), 0u);
}

TEST_F(StreamTest, a_write_after_shutdown_is_refused_even_if_it_is_empty) {
  auto [socket, peer] = connected_to_peer();
  wait(socket.shutdown());
  EXPECT_THAT(failure_of(socket.write("ping")), ::testing::HasSubstr("EPIPE"));
  EXPECT_THAT(failure_of(socket.write("")), ::testing::HasSubstr("EPIPE"));
}

// SIGPIPE would end the process.
TEST_F(StreamTest, writes_to_a_peer_that_is_gone_fail) {
  auto [socket, peer] = connected_to_peer();
  peer.reset();
  settle();
  EXPECT_THAT(failure_of(socket.write("ping")), ::testing::HasSubstr("write 127.0.0.1:"));
  EXPECT_THAT(failure_of(socket.write("ping")), ::testing::HasSubstr("EPIPE"));
  EXPECT_THAT(failure_of(socket.write(much())), ::testing::HasSubstr("EPIPE"));
}

TEST_F(StreamTest, a_large_write_fails_when_the_peer_goes) {
  auto [socket, peer] = connected_to_peer();
  auto written = socket.write(much());
  settle();
  peer.reset();
  EXPECT_THAT(failure_of(std::move(written)), ::testing::HasSubstr("write 127.0.0.1:"));
}

TEST_F(StreamTest, a_write_in_flight_is_cancelled_by_close) {
  auto [socket, peer] = connected_to_peer();
  auto written = socket.write(much());
  socket.close();
  EXPECT_THAT(failure_of(std::move(written)), ::testing::HasSubstr("ECANCELED"));
}

// --- ending -------------------------------------------------------------------------------------

TEST_F(StreamTest, a_stream_shut_down_still_reads) {
  auto [socket, peer] = connected_to_peer();
  wait(socket.shutdown());
  EXPECT_EQ(peer.receive(), "");
  peer.send("late");
  EXPECT_EQ(read_four(socket), "late");
}

TEST_F(StreamTest, a_stream_whose_peer_has_ended_still_writes) {
  auto [socket, peer] = connected_to_peer();
  peer.end();
  EXPECT_EQ(read_four(socket), "");
  wait(socket.write("late"));
  EXPECT_EQ(peer.receive(), "late");
}

TEST_F(StreamTest, shutdown_waits_for_the_writes_before_it) {
  auto [client, server] = connected_ends();
  Collected got;
  std::string order;
  client.write(much(), [&](auto) { order += 'w'; });
  client.shutdown([&](Result<void> result) { order += result ? 's' : 'x'; });
  collect(server, got);
  run_until([&] { return got.over() && order.size() == 2; });
  EXPECT_EQ(order, "ws");
  EXPECT_TRUE(got.text == much());
  EXPECT_TRUE(got.ended);
}

TEST_F(StreamTest, a_shutdown_that_waits_is_cancelled_by_close) {
  auto [socket, peer] = connected_to_peer();
  socket.write(much(), ignore);
  auto ended = socket.shutdown();
  socket.close();
  EXPECT_THAT(failure_of(std::move(ended)), ::testing::HasSubstr("ECANCELED"));
}

TEST_F(StreamTest, a_second_shutdown_is_refused) {
  auto [socket, peer] = connected_to_peer();
  wait(socket.shutdown());
  EXPECT_THAT(failure_of(socket.shutdown()), ::testing::HasSubstr("ENOTCONN"));
}

TEST_F(StreamTest, shutdown_of_a_closed_stream_is_refused) {
  auto [socket, peer] = connected_to_peer();
  socket.close();
  EXPECT_THAT(failure_of(socket.shutdown()), ::testing::HasSubstr("EBADF"));
}

TEST_F(StreamTest, close_is_idempotent_and_reported_once) {
  auto [socket, peer] = connected_to_peer();
  int closed = 0;
  socket.on_close([&] { ++closed; });
  socket.close();
  socket.close();
  EXPECT_FALSE(socket.is_open());
  EXPECT_EQ(closed, 0);
  settle();
  socket.close();
  settle();
  EXPECT_EQ(closed, 1);
}

TEST_F(StreamTest, on_close_hears_of_a_stream_that_went_out_of_scope) {
  bool closed = false;
  {
    auto [socket, peer] = connected_to_peer();
    socket.on_close([&] { closed = true; });
  }
  settle();
  EXPECT_TRUE(closed);
}

TEST_F(StreamTest, on_close_comes_after_what_close_has_cancelled) {
  auto [socket, peer] = connected_to_peer();
  std::string order;
  std::array<std::byte, 4> buffer;
  socket.on_close([&] { order += 'c'; });
  socket.write(much(), [&](Result<void> result) { order += result ? 'x' : 'w'; });
  socket.read(buffer).catch_error([&](std::exception_ptr) { return order += 'r', 0u; }).detach();
  socket.close();
  settle();
  EXPECT_EQ(order, "wcr");
}

TEST_F(StreamTest, tells_nothing_to_who_was_destroyed_by_a_hook_in_before) {
  auto [client, other] = connected_ends();
  std::optional<Stream> stream(std::move(other));
  bool told = false;
  stream->on_data([&](Result<std::span<const std::byte>>) { told = true; });
  const AsyncId id = stream->async_id();
  AsyncHook meddler{{.before = [&](AsyncId running) {
    if (running == id) stream.reset();
  }}};
  meddler.enable();
  wait(client.write("x"));
  settle();
  EXPECT_FALSE(stream);
  EXPECT_FALSE(told);
}

// --- a write that another thread cancels while half of it is on its way -------------------------

TEST_F(StreamTest, a_write_of_which_half_is_sent_when_it_is_cancelled_is_sent_whole) {
  auto [socket, peer] = connected_to_peer();
  const std::string data = much();
  std::stop_source source;
  bool half = false;
  after_writev = [&] {
    half = true;
    std::thread([&] { source.request_stop(); }).join();
  };
  EXPECT_THAT(failure_of(socket.writev({data, "."}, source.get_token())), HasSubstr("ECANCELED"));
  EXPECT_TRUE(half);
  std::string got;  // Not read before: it might all have been sent.
  std::jthread reader([&, &peer = peer] { got = peer.receive_all(); });
  wait(socket.write("the next"));
  wait(socket.shutdown());
  reader.join();
  EXPECT_TRUE(got == data + ".the next") << got.size() << " bytes";
}

TEST_F(StreamTest, what_writes_send_is_never_torn_when_other_threads_cancel_them) {
  auto [socket, peer] = connected_to_peer();
  constexpr int writes = 10;
  const std::string data = much(4 << 20);
  std::array<std::stop_source, writes> sources;
  std::string got;
  // Each is cancelled as soon as the peer has the first of its bytes.
  std::jthread reader([&, &peer = peer] {
    std::size_t canceled = 0;
    for (std::string next = peer.receive(); !next.empty(); next = peer.receive()) {
      got += next;
      while (canceled * data.size() < got.size() && canceled < writes) {
        sources[canceled++].request_stop();
      }
    }
  });
  for (std::stop_source& source : sources) {
    const std::string failure = failure_of(socket.write(data, source.get_token()));
    EXPECT_THAT(failure, AnyOf("", HasSubstr("ECANCELED")));
    // The rest of it may be on its way still.
    run_until([&socket = socket] { return socket.write_queue_size() == 0; });
  }
  wait(socket.shutdown());
  reader.join();
  std::string sent;
  for (int i = 0; i < writes; ++i) sent += data;
  EXPECT_TRUE(got == sent) << "the bytes of " << got.size() / data.size() << " writes";
}

}  // namespace
}  // namespace contrail
