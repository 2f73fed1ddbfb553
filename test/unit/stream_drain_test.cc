#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "contrail/pipe.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;

/// More than the system takes at once.
std::string much() { return std::string(8 << 20, 'x'); }

class StreamDrain : public TcpTest {};

class StreamWritev : public TcpTest {};

// A pipe in packet mode keeps the writes apart, so one read is one system call of the writer's.
TEST_F(StreamWritev, is_one_system_call) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_DIRECT | O_CLOEXEC), 0);
  Pipe pipe = Pipe::from_descriptor(ends[1]);
  wait(pipe.writev({"head", "", " and ", "body"}));
  std::array<char, 64> packet;
  const ssize_t size = ::read(ends[0], packet.data(), packet.size());
  EXPECT_EQ(std::string_view(packet.data(), static_cast<std::size_t>(size)), "head and body");
  ::close(ends[0]);
}

TEST_F(StreamWritev, says_that_it_is_done_in_a_tick) {
  auto [socket, peer] = connected_to_peer();
  AnnouncedTypes types;
  bool done = false;
  socket.writev({"a", "b"}, [&](Result<void> result) { done = static_cast<bool>(result); });
  EXPECT_FALSE(done);
  settle();
  EXPECT_TRUE(done);
  EXPECT_EQ(types.count("WRITEWRAP"), 0);
  EXPECT_EQ(peer.receive(), "ab");
}

TEST_F(StreamWritev, that_is_too_much_at_once_is_one_request_and_loses_nothing) {
  auto [client, server] = connected_ends();
  AnnouncedTypes types;
  std::vector<std::string> parts;
  std::string all;
  for (int i = 0; i < 3000; ++i) {  // More than one system call takes (IOV_MAX), too.
    parts.emplace_back(static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    all += parts.back();
  }
  auto written = client.writev(std::move(parts));
  EXPECT_EQ(types.count("WRITEWRAP"), 1);
  Collected got;
  collect(server, got);
  wait(std::move(written));
  run_until([&] { return got.text.size() >= all.size(); });
  EXPECT_TRUE(got.text == all);
}

TEST_F(StreamWritev, lines_up_behind_the_writes_before_it) {
  auto [client, server] = connected_ends();
  Collected got;
  client.write(much(), ignore);
  auto written = client.writev({"ta", "il"});
  collect(server, got);
  wait(std::move(written));
  run_until([&] { return got.text.size() == much().size() + 4; });
  EXPECT_TRUE(got.text == much() + "tail");
}

TEST_F(StreamWritev, of_nothing_is_done_at_once) {
  auto [socket, peer] = connected_to_peer();
  wait(socket.writev({}));
  wait(socket.writev({"", ""}));
}

TEST_F(StreamWritev, of_nothing_waits_for_the_writes_before_it) {
  auto [client, server] = connected_ends();
  client.write(much(), ignore);
  auto written = client.writev({});
  settle();
  EXPECT_TRUE(written.pending());
  Collected got;
  collect(server, got);
  wait(std::move(written));
}

TEST_F(StreamWritev, to_a_closed_stream_is_refused) {
  auto [socket, peer] = connected_to_peer();
  socket.close();
  EXPECT_THAT(failure_of(socket.writev({"a", "b"})), HasSubstr("EBADF"));
}

// --- back-pressure ------------------------------------------------------------------------------

TEST_F(StreamDrain, is_not_needed_by_what_the_system_takes_at_once) {
  auto [socket, peer] = connected_to_peer();
  socket.set_write_high_water_mark(1);
  socket.write("ping", ignore);
  EXPECT_FALSE(socket.needs_drain());
}

TEST_F(StreamDrain, is_needed_from_the_high_water_mark_on) {
  auto [socket, peer] = connected_to_peer();
  socket.set_write_high_water_mark(64 << 20);
  socket.write(much(), ignore);
  EXPECT_FALSE(socket.needs_drain());
  socket.set_write_high_water_mark(socket.write_queue_size() + 3);
  socket.write("ab", ignore);
  EXPECT_FALSE(socket.needs_drain());
  socket.write("c", ignore);
  EXPECT_TRUE(socket.needs_drain());
}

TEST_F(StreamDrain, has_the_mark_of_node_unless_told_otherwise) {
  auto [socket, peer] = connected_to_peer();
  EXPECT_EQ(socket.write_high_water_mark(), 65536u);
}

TEST_F(StreamDrain, is_told_once_all_is_sent_before_the_last_write_calls_back) {
  auto [client, server] = connected_ends();
  std::string order;
  Collected got;
  client.on_drain([&, &client = client] {
    order += client.needs_drain() ? 'x' : 'd';
    EXPECT_EQ(client.write_queue_size(), 0u);
  });
  client.write(much(), [&](auto) { order += '1'; });
  client.write(much(), [&](auto) { order += '2'; });
  collect(server, got);
  run_until([&] { return order.size() == 3; });
  settle();
  EXPECT_EQ(order, "1d2");
}

TEST_F(StreamDrain, comes_again_after_the_next_time) {
  auto [client, server] = connected_ends();
  int drains = 0;
  Collected got;
  collect(server, got);
  client.on_drain([&] { ++drains; });
  client.write(much(), ignore);
  run_until([&] { return drains == 1; });
  client.write(much(), ignore);
  run_until([&] { return drains == 2; });
}

TEST_F(StreamDrain, may_remove_itself_while_it_runs) {
  auto [client, server] = connected_ends();
  int drains = 0;
  Collected got;
  collect(server, got);
  client.on_drain([&, &client = client, alive = std::make_shared<int>(1)] {
    client.on_drain({});
    drains += *alive;
  });
  wait(client.write(much()));
  wait(client.write(much()));
  EXPECT_EQ(drains, 1);
}

TEST_F(StreamDrain, may_destroy_the_stream_while_it_runs) {
  auto ends = connected_ends();
  std::optional<TcpSocket> client(std::move(ends.client));
  Collected got;
  collect(ends.server, got);
  client->on_drain([&] { client.reset(); });
  wait(client->write(much()));
  EXPECT_FALSE(client);
}

TEST_F(StreamDrain, that_throws_keeps_no_write_from_calling_back) {
  catch_uncaught();
  auto [client, server] = connected_ends();
  Collected got;
  collect(server, got);
  client.on_drain([] { throw std::runtime_error("drain"); });
  wait(client.write(much()));
  EXPECT_EQ(uncaught, "drain");
}

TEST_F(StreamDrain, as_a_promise_is_there_at_once_if_nothing_waits) {
  auto [socket, peer] = connected_to_peer();
  wait(socket.drained());
}

TEST_F(StreamDrain, as_a_promise_comes_when_all_is_sent) {
  auto [client, server] = connected_ends();
  client.write(much(), ignore);
  auto drained = client.drained();
  settle();
  EXPECT_TRUE(drained.pending());
  Collected got;
  collect(server, got);
  wait(std::move(drained));
  EXPECT_EQ(client.write_queue_size(), 0u);
}

TEST_F(StreamDrain, as_a_promise_fails_as_the_write_does) {
  auto [socket, peer] = connected_to_peer();
  bool told = false;
  socket.on_drain([&] { told = true; });
  socket.write(much(), ignore);
  auto drained = socket.drained();
  settle();
  peer.reset();
  EXPECT_THAT(failure_of(std::move(drained)), HasSubstr("write 127.0.0.1:"));
  EXPECT_FALSE(told);
  EXPECT_FALSE(socket.needs_drain());
}

TEST_F(StreamDrain, as_a_promise_is_cancelled_by_close) {
  auto [socket, peer] = connected_to_peer();
  socket.write(much(), ignore);
  auto drained = socket.drained();
  socket.close();
  EXPECT_THAT(failure_of(std::move(drained)), HasSubstr("ECANCELED"));
}

TEST_F(StreamDrain, as_a_promise_is_cancelled_by_its_token) {
  auto [socket, peer] = connected_to_peer();
  std::stop_source source;
  socket.write(much(), ignore);
  auto drained = socket.drained(source.get_token());
  source.request_stop();
  EXPECT_THAT(failure_of(std::move(drained)), HasSubstr("drained 127.0.0.1:"));
  EXPECT_TRUE(socket.needs_drain());
}

}  // namespace
}  // namespace contrail
