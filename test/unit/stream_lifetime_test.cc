// Sockets and servers that end, move or fail at the worst moment.

#include <array>
#include <functional>
#include <thread>

#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "support/meddler.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using Chunk = Result<std::span<const std::byte>>;

/// More than the system takes at once.
std::string much() { return std::string(8 << 20, 'x'); }

class StreamLifetimeTest : public TcpTest {
 protected:
  StreamLifetimeTest() {
    auto [socket, peer] = connected_to_peer();
    socket_.emplace(std::move(socket));
    peer_.emplace(std::move(peer));
  }
  void TearDown() override {
    if (has_loop()) socket_.reset();
    TcpTest::TearDown();
  }

  /// What a callback holds and uses last: gone too early, a sanitizer says so.
  std::shared_ptr<int> held_ = std::make_shared<int>(1);
  std::optional<TcpSocket> socket_;
  std::optional<RawPeer> peer_;
};

// --- destroyed inside its own callback ----------------------------------------------------------

TEST_F(StreamLifetimeTest, may_be_destroyed_inside_on_data) {
  socket_->on_data([this, held = held_](Chunk) {
    socket_.reset();
    ++*held;
  });
  peer_->send("ping");
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_destroyed_when_the_end_comes) {
  socket_->on_data([this, held = held_](Chunk chunk) {
    EXPECT_TRUE(chunk->empty());
    socket_.reset();
    ++*held;
  });
  peer_->end();
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_destroyed_when_an_error_comes) {
  socket_->on_data([this, held = held_](Chunk chunk) {
    EXPECT_FALSE(chunk);
    socket_.reset();
    ++*held;
  });
  peer_->reset();
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_destroyed_inside_on_close) {
  socket_->on_close([this, held = held_] {
    socket_.reset();
    ++*held;
  });
  socket_->close();
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, on_close_may_replace_itself) {
  socket_->on_close([this, held = held_] {
    socket_->on_close([] { ADD_FAILURE() << "it was closed already"; });
    ++*held;
  });
  socket_->close();
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_destroyed_inside_the_callback_of_a_small_write) {
  socket_->write("ping", [this, held = held_](auto) {
    socket_.reset();
    ++*held;
  });
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_destroyed_inside_the_callback_of_a_large_write) {
  socket_->write(much(), [this, held = held_](Result<void> result) {
    EXPECT_TRUE(result);
    socket_.reset();
    ++*held;
  });
  std::jthread reader([this] { peer_->receive_all(); });
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_destroyed_inside_the_callback_of_a_cancelled_write) {
  socket_->write(much(), [this, held = held_](Result<void> result) {
    EXPECT_EQ(result.error().name(), "ECANCELED");
    socket_.reset();
    ++*held;
  });
  socket_->close();
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_destroyed_inside_the_callback_of_shutdown) {
  socket_->shutdown([this, held = held_](auto) {
    socket_.reset();
    ++*held;
  });
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, may_be_dropped_inside_the_callback_of_connect) {
  RawListener listener;
  TcpSocket::connect(listener.address(), [held = held_](Result<TcpSocket>) { ++*held; });
  run_until([&] { return *held_ == 2; });
  settle();
  EXPECT_EQ(listener.accept().receive(), "");
}

TEST_F(StreamLifetimeTest, may_be_owned_by_its_own_callback) {
  TcpSocket& socket = *socket_;
  auto own = std::make_shared<TcpSocket>(std::move(socket));
  own->on_data([own, held = held_](Chunk) {
    own->on_data({});
    ++*held;
  });
  peer_->send("ping");
  own.reset();
  run_until([&] { return *held_ == 2; });
  settle();
  EXPECT_EQ(peer_->receive(), "");
}

TEST_F(StreamLifetimeTest, a_server_may_be_destroyed_inside_on_connection) {
  std::optional<TcpServer> server;
  server.emplace([&, held = held_](TcpSocket) {
    server.reset();
    ++*held;
  });
  server->listen(SocketAddress::loopback());
  RawPeer peer = RawPeer::connect(server->address());
  run_until([&] { return *held_ == 2; });
}

TEST_F(StreamLifetimeTest, a_server_may_be_destroyed_inside_on_close) {
  std::optional<TcpServer> server(std::in_place);
  server->listen(SocketAddress::loopback());
  server->on_close([&, held = held_] {
    server.reset();
    ++*held;
  });
  server->close();
  run_until([&] { return *held_ == 2; });
}

// --- by hooks -----------------------------------------------------------------------------------

TEST_F(StreamLifetimeTest, a_read_that_a_hook_cancels_as_its_data_arrives_has_it) {
  std::array<std::byte, 4> buffer;
  std::stop_source source;
  auto reading = socket_->read(buffer, source.get_token());
  const auto meddler = Meddler::in_before_of(socket_->async_id(), [&] { source.request_stop(); });
  peer_->send("ping");
  EXPECT_EQ(wait(std::move(reading)), 4u);
  EXPECT_EQ(as_text(buffer), "ping");
}

TEST_F(StreamLifetimeTest, a_read_that_a_hook_cancels_and_closes_as_its_data_arrives_fails) {
  std::array<std::byte, 4> buffer;
  std::stop_source source;
  auto reading = socket_->read(buffer, source.get_token());
  const auto meddler = Meddler::in_before_of(socket_->async_id(), [&] {
    source.request_stop();
    socket_->close();
  });
  peer_->send("ping");
  EXPECT_THAT(failure_of(std::move(reading)), ::testing::HasSubstr("ECANCELED"));
}

TEST_F(StreamLifetimeTest, a_read_in_place_of_on_data_that_a_hook_begins_has_what_comes_next) {
  std::array<std::byte, 4> buffer{};
  std::optional<Promise<std::size_t>> reading;
  socket_->on_data([](Chunk) { FAIL(); });
  const auto meddler = Meddler::in_before_of(socket_->async_id(), [&] {
    socket_->on_data({});
    reading = socket_->read(buffer);
  });
  peer_->send("this was for on_data");
  run_until([&] { return reading.has_value(); });
  EXPECT_TRUE(reading->pending());
  peer_->send("next");
  EXPECT_EQ(wait(*reading), 4u);
  EXPECT_EQ(as_text(buffer), "next");
}

// --- moved --------------------------------------------------------------------------------------

TEST_F(StreamLifetimeTest, may_be_moved_while_it_reads) {
  Collected got;
  collect(*socket_, got);
  TcpSocket moved = std::move(*socket_);
  peer_->send("ping");
  run_until([&] { return got.text == "ping"; });
}

TEST_F(StreamLifetimeTest, may_be_moved_while_a_read_waits) {
  std::array<std::byte, 4> buffer;
  auto waiting = socket_->read(buffer);
  TcpSocket moved = std::move(*socket_);
  peer_->send("ping");
  EXPECT_EQ(wait(std::move(waiting)), 4u);
}

TEST_F(StreamLifetimeTest, assigning_closes_what_was_there) {
  auto [other, other_peer] = connected_to_peer();
  *socket_ = std::move(other);
  settle();
  EXPECT_EQ(peer_->receive(), "");
  other_peer.send("ping");
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(wait(socket_->read(buffer)), 4u);
}

TEST_F(StreamLifetimeTest, a_server_may_be_moved_while_it_listens) {
  int connections = 0;
  TcpServer first([&](TcpSocket) { ++connections; });
  first.listen(SocketAddress::loopback());
  TcpServer second = std::move(first);
  RawPeer peer = RawPeer::connect(second.address());
  run_until([&] { return connections == 1; });
}

// --- callbacks that throw -----------------------------------------------------------------------

class StreamThrowTest : public StreamLifetimeTest {
 protected:
  StreamThrowTest() { catch_uncaught(); }
  void expect_uncaught(const std::string& text) {
    run_until([&] { return uncaught.size() >= text.size(); });
    EXPECT_EQ(uncaught, text);
  }
  static void fail(const char* text) { throw std::runtime_error(text); }
};

TEST_F(StreamThrowTest, what_on_data_throws_reaches_the_loop_and_it_goes_on) {
  socket_->on_data([](Chunk chunk) { fail(chunk->empty() ? "end" : "data"); });
  peer_->send("ping");
  expect_uncaught("data");
  peer_->end();
  expect_uncaught("data, end");
}

TEST_F(StreamThrowTest, what_on_close_throws_reaches_the_loop) {
  socket_->on_close([] { fail("close"); });
  socket_->close();
  expect_uncaught("close");
}

TEST_F(StreamThrowTest, what_write_callbacks_throw_reaches_the_loop) {
  socket_->write("ping", [](auto) { fail("small"); });
  expect_uncaught("small");
  socket_->write(much(), [](auto) { fail("large"); });
  socket_->close();
  expect_uncaught("small, large");
}

TEST_F(StreamThrowTest, what_a_shutdown_callback_throws_reaches_the_loop) {
  socket_->shutdown([](auto) { fail("shutdown"); });
  expect_uncaught("shutdown");
}

TEST_F(StreamThrowTest, what_connect_callbacks_throw_reaches_the_loop) {
  RawListener listener;
  TcpSocket::connect(listener.address(), [](auto) { fail("connected"); });
  expect_uncaught("connected");
  DeafPort nobody;
  TcpSocket::connect(nobody.address(), [](auto) { fail("refused"); });
  expect_uncaught("connected, refused");
  TcpSocket::connect("contrail.invalid", 1, [](auto) { fail("unknown"); });
  expect_uncaught("connected, refused, unknown");
}

TEST_F(StreamThrowTest, what_on_connection_throws_reaches_the_loop_and_the_server_goes_on) {
  TcpServer server([n = 0](TcpSocket) mutable { fail(++n == 1 ? "first" : "second"); });
  server.listen(SocketAddress::loopback());
  RawPeer first = RawPeer::connect(server.address());
  expect_uncaught("first");
  RawPeer second = RawPeer::connect(server.address());
  expect_uncaught("first, second");
}

TEST_F(StreamThrowTest, what_a_servers_on_close_throws_reaches_the_loop) {
  TcpServer server;
  server.listen(SocketAddress::loopback());
  server.on_close([] { fail("close"); });
  server.close();
  expect_uncaught("close");
}

TEST_F(StreamThrowTest, without_a_handler_run_throws_and_may_be_called_again) {
  loop().on_uncaught_exception(Function<void(std::exception_ptr, ExceptionOrigin)>());
  Collected got;
  socket_->on_data([&](Chunk) {
    collect(*socket_, got);
    fail("data");
  });
  peer_->send("ping");
  EXPECT_THROW(loop().run(), std::runtime_error);
  peer_->end();
  run_until([&] { return got.ended; });
}

// --- the Loop goes first ------------------------------------------------------------------------

TEST_F(StreamLifetimeTest, may_outlive_its_loop) {
  socket_->on_data([held = held_](Chunk) { ADD_FAILURE() << "called"; });
  socket_->on_close([held = held_] { ADD_FAILURE() << "called"; });
  socket_->write(much(), [held = held_](auto) { ADD_FAILURE() << "called"; });
  socket_->shutdown([held = held_](auto) { ADD_FAILURE() << "called"; });
  socket_->write("", [held = held_](auto) { ADD_FAILURE() << "called"; });
  peer_->send("ping");
  destroy_loop();
  EXPECT_EQ(held_.use_count(), 1);
  EXPECT_FALSE(socket_->is_open());
}

TEST_F(StreamLifetimeTest, a_server_may_outlive_its_loop) {
  TcpServer server([held = held_](TcpSocket) { ADD_FAILURE() << "called"; });
  server.listen(SocketAddress::loopback());
  server.on_close([held = held_] { ADD_FAILURE() << "called"; });
  server.on_error([held = held_](const Error&) { ADD_FAILURE() << "called"; });
  RawPeer peer = RawPeer::connect(server.address());
  server.accept().detach();
  destroy_loop();
  EXPECT_EQ(held_.use_count(), 1);
}

TEST_F(StreamLifetimeTest, a_server_that_never_listened_may_outlive_its_loop) {
  TcpServer server([held = held_](TcpSocket) {});
  destroy_loop();
}

TEST_F(StreamLifetimeTest, connections_under_way_end_with_the_loop) {
  RawListener listener;
  const auto fn = [&] { return [held = held_](auto) { ADD_FAILURE() << "called"; }; };
  TcpSocket::connect(listener.address(), fn());
  TcpSocket::connect("localhost", listener.address().port(), fn());
  TcpSocket::connect("", 1, fn());
  TcpSocket::connect(listener.address()).detach();
  TcpSocket::connect("localhost", listener.address().port()).detach();
  destroy_loop();
  EXPECT_EQ(held_.use_count(), 1);
}

Promise<void> wait_for_data(TcpSocket socket, std::shared_ptr<int> held) {
  std::array<std::byte, 4> buffer;
  co_await socket.read(buffer);
  ++*held;
}
Promise<void> wait_for_connection(TcpServer server, std::shared_ptr<int> held) {
  TcpSocket socket = co_await server.accept();
  ++*held;
}
Promise<void> write_much(TcpSocket socket, std::shared_ptr<int> held) {
  co_await socket.write(much());
  ++*held;
}

TEST_F(StreamLifetimeTest, coroutines_that_wait_end_with_the_loop) {
  auto [other, other_peer] = connected_to_peer();
  TcpServer server;
  server.listen(SocketAddress::loopback());
  wait_for_data(std::move(*socket_), held_).detach();
  wait_for_connection(std::move(server), held_).detach();
  write_much(std::move(other), held_).detach();
  settle();
  destroy_loop();
  EXPECT_EQ(held_.use_count(), 1);
  EXPECT_EQ(*held_, 1);
}

struct ConnectsWhenItDies {
  SocketAddress to;
  std::shared_ptr<int> held;
  bool armed = true;
  ConnectsWhenItDies(SocketAddress address, std::shared_ptr<int> its_held)
      : to(address), held(std::move(its_held)) {}
  ConnectsWhenItDies(ConnectsWhenItDies&& other) noexcept
      : to(other.to), held(other.held), armed(std::exchange(other.armed, false)) {}
  ~ConnectsWhenItDies() {
    if (armed) TcpSocket::connect(to, [held = held](auto) {});
  }
};

TEST_F(StreamLifetimeTest, what_a_destructor_starts_while_the_loop_goes_ends_too) {
  RawListener listener;
  socket_->on_close([dying = ConnectsWhenItDies(listener.address(), held_)] {});
  destroy_loop();
  EXPECT_EQ(held_.use_count(), 1);
}

// --- misuse -------------------------------------------------------------------------------------

using StreamDeathTest = StreamLifetimeTest;

TEST_F(StreamDeathTest, using_a_moved_from_stream_says_so) {
  TcpSocket moved = std::move(*socket_);
  EXPECT_DEATH(socket_->close(), "this Stream was used after it was moved from");
  EXPECT_DEATH(static_cast<void>(socket_->write_queue_size()), "moved from");
  EXPECT_FALSE(socket_->is_open());
}

TEST_F(StreamDeathTest, using_a_moved_from_server_says_so) {
  TcpServer server;
  TcpServer moved = std::move(server);
  EXPECT_DEATH(server.listen(SocketAddress::loopback()), "this TcpServer was used after it was");
}

TEST_F(StreamDeathTest, a_moved_from_server_is_empty_and_may_be_closed) {
  TcpServer server;
  EXPECT_TRUE(server);
  TcpServer moved = std::move(server);
  EXPECT_FALSE(server);
  server.close();
  EXPECT_TRUE(moved);
}

constexpr const char* used_elsewhere =
    "a TcpSocket was used on a thread other than its Loop's, or after its Loop: "
    "Loop::post\\(\\) gets there";

TEST_F(StreamDeathTest, using_a_server_on_another_thread_says_so) {
  TcpServer server;
  EXPECT_DEATH(std::thread([&] { server.listen(SocketAddress::loopback()); }).join(),
               "a TcpServer was used on a thread other than its Loop's");
}

TEST_F(StreamDeathTest, using_a_stream_on_another_thread_says_so) {
  EXPECT_DEATH(std::thread([&] { socket_->pause(); }).join(), used_elsewhere);
}

TEST_F(StreamDeathTest, destroying_a_stream_on_another_thread_says_so) {
  EXPECT_DEATH(std::thread([&] { socket_.reset(); }).join(), used_elsewhere);
}

TEST_F(StreamDeathTest, destroying_a_closing_stream_on_another_thread_says_so) {
  socket_->close();
  EXPECT_DEATH(std::thread([&] { socket_.reset(); }).join(), used_elsewhere);
}

TEST_F(StreamDeathTest, using_a_stream_after_its_loop_says_so) {
  destroy_loop();
  EXPECT_DEATH(socket_->on_data({}), "or after its Loop");
}

TEST_F(StreamDeathTest, connecting_without_a_loop_says_so) {
  destroy_loop();
  EXPECT_DEATH(TcpSocket::connect(SocketAddress::loopback(1), ignore), "no Loop on this thread");
}

// --- callbacks whose destructors act ------------------------------------------------------------

/// Calls a function when it dies.
class AtEnd {
 public:
  explicit AtEnd(std::function<void()> fn) : fn_(std::move(fn)) {}
  AtEnd(AtEnd&& other) noexcept : fn_(std::exchange(other.fn_, nullptr)) {}
  ~AtEnd() {
    if (fn_) fn_();
  }

 private:
  std::function<void()> fn_;
};

TEST_F(StreamLifetimeTest, may_be_given_another_on_data_by_the_one_that_is_removed) {
  std::string got;
  auto listen = [&] { socket_->on_data([&](Chunk chunk) { got += as_text(*chunk); }); };
  socket_->on_data([end = AtEnd(listen)](Chunk) {});
  socket_->on_data({});
  peer_->send("ping");
  run_until([&] { return !got.empty(); });
  EXPECT_EQ(got, "ping");
}

TEST_F(StreamLifetimeTest, may_be_given_another_on_close_by_the_one_that_is_replaced) {
  auto held = held_;
  auto replace = [&] { socket_->on_close([this, held] { ++*held_; }); };
  socket_->on_close([end = AtEnd(replace)] {});
  socket_->on_close([held] { *held = 100; });
  socket_->close();
  run_until([&] { return *held_ > 1; });
  EXPECT_EQ(*held_, 2);
}

TEST_F(StreamLifetimeTest, a_server_may_be_destroyed_by_the_on_close_that_is_replaced) {
  auto server = std::make_unique<TcpServer>();
  server->on_close([end = AtEnd([&] { server.reset(); })] {});
  server->on_close([] {});
  EXPECT_FALSE(server);
}

}  // namespace
}  // namespace contrail
