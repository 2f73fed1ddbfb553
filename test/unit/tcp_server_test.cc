#include <dlfcn.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "contrail/promise_combinators.h"
#include "contrail/tcp.h"
#include "contrail/testing/fake_clock.h"
#include "support/meddler.h"
#include "support/tcp_test.h"

namespace {
/// What accept4() fails with; 0: it does what the system's does.
int accept_error = 0;
}  // namespace

/// In place of the system's.
extern "C" [[gnu::visibility("default")]] int accept4(int listener, sockaddr* address,
                                                      socklen_t* size, int flags) {
  using System = int (*)(int, sockaddr*, socklen_t*, int);
  static const auto system = reinterpret_cast<System>(::dlsym(RTLD_NEXT, "accept4"));
  if (!accept_error) return system(listener, address, size, flags);
  errno = accept_error;
  return -1;
}

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

class TcpServerTest : public TcpTest {
 protected:
  template <class Call>
  static std::string thrown_by(Call call) {
    try {
      call();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
  TcpServer listening() {
    TcpServer server;
    server.listen(SocketAddress::loopback());
    return server;
  }
};

TEST_F(TcpServerTest, hands_over_each_connection) {
  std::vector<TcpSocket> sockets;
  TcpServer server([&](TcpSocket socket) { sockets.push_back(std::move(socket)); });
  server.listen(SocketAddress::loopback());
  std::vector<RawPeer> peers;
  for (int i = 0; i < 100; ++i) peers.push_back(RawPeer::connect(server.address()));
  run_until([&] { return sockets.size() == peers.size(); });
  EXPECT_TRUE(sockets.back().is_open());
}

Promise<void> serve(TcpServer& server, int connections) {
  for (int i = 0; i < connections; ++i) {
    TcpSocket socket = co_await server.accept();
    std::array<std::byte, 16> buffer;
    const std::size_t size = co_await socket.read(buffer);
    co_await socket.write(std::string(as_text(std::span(buffer).first(size))));
  }
}

TEST_F(TcpServerTest, serves_in_coroutine_style) {
  TcpServer server = listening();
  std::vector<RawPeer> peers;
  for (const char* text : {"a", "b", "c"}) {
    peers.push_back(RawPeer::connect(server.address()));
    peers.back().send(text);
  }
  wait(serve(server, 3));
  settle();
  std::string answers;
  for (RawPeer& peer : peers) answers += peer.receive_all();
  EXPECT_EQ(answers, "abc");
}

TEST_F(TcpServerTest, listens_on_ipv6) {
  if (!RawListener(SocketAddress("::1", 0)).listening()) GTEST_SKIP() << "no IPv6 here";
  TcpServer server;
  server.listen(SocketAddress("::1", 0), {.ipv6_only = true});
  auto accepted = server.accept();
  RawPeer peer = RawPeer::connect(server.address());
  EXPECT_TRUE(wait(std::move(accepted)).remote_address().is_ipv6());
}

TEST_F(TcpServerTest, has_no_address_before_listen_nor_after_close) {
  TcpServer server;
  EXPECT_EQ(thrown_by([&] { server.address(); }),
            "getsockname: EBADF: this server does not listen");
  server.listen(SocketAddress::loopback());
  EXPECT_NE(server.address().port(), 0);
  server.close();
  EXPECT_EQ(thrown_by([&] { server.address(); }),
            "getsockname: EBADF: this server does not listen");
}

TEST_F(TcpServerTest, does_not_listen_again_after_close) {
  TcpServer server = listening();
  server.close();
  EXPECT_THAT(thrown_by([&] { server.listen(SocketAddress::loopback()); }),
              HasSubstr("EALREADY: this server was closed: make another one"));
}

TEST_F(TcpServerTest, listens_once) {
  TcpServer server = listening();
  EXPECT_EQ(thrown_by([&] { server.listen(SocketAddress::loopback(80)); }),
            fmt::format("listen 127.0.0.1:80: EALREADY: this server listens already, at {}",
                        server.address()));
  EXPECT_NE(server.address().port(), 0);
}

TEST_F(TcpServerTest, says_which_port_is_taken) {
  TcpServer first = listening();
  TcpServer second;
  EXPECT_EQ(thrown_by([&] { second.listen(first.address()); }),
            fmt::format("listen {}: EADDRINUSE: address already in use", first.address()));
}

TEST_F(TcpServerTest, may_try_another_address_when_one_could_not_be_had) {
  TcpServer first;
  first.listen(SocketAddress::loopback());
  std::size_t connections = 0;
  TcpServer second([&](TcpSocket) {
    ++connections;
    loop().stop();
  });
  EXPECT_THROW(second.listen(first.address()), Error);
  second.listen(SocketAddress::loopback());
  TcpSocket::connect(second.address(), [](Result<TcpSocket> socket) { EXPECT_TRUE(socket); });
  loop().run();
  EXPECT_EQ(connections, 1u);
}

TEST_F(TcpServerTest, says_which_address_is_not_ours) {
  TcpServer server;
  EXPECT_THAT(thrown_by([&] { server.listen(SocketAddress("192.0.2.1", 0)); }),
              HasSubstr("192.0.2.1:0: EADDRNOTAVAIL"));
}

TEST_F(TcpServerTest, refuses_ipv6_only_on_ipv4) {
  TcpServer server;
  EXPECT_THAT(thrown_by([&] { server.listen(SocketAddress::loopback(), {.ipv6_only = true}); }),
              HasSubstr("EINVAL"));
}

TEST_F(TcpServerTest, may_be_closed_without_having_listened) {
  TcpServer server;
  server.close();
  server.close();
  EXPECT_EQ(server.async_id(), no_async_id);
}

TEST_F(TcpServerTest, close_is_idempotent_and_reported_once) {
  TcpServer server = listening();
  int closed = 0;
  server.on_close([&] { ++closed; });
  server.close();
  server.close();
  EXPECT_EQ(closed, 0);
  settle();
  EXPECT_EQ(closed, 1);
}

TEST_F(TcpServerTest, connections_outlive_it) {
  std::optional<TcpSocket> accepted;
  std::optional<TcpServer> server;
  server.emplace([&](TcpSocket socket) {
    accepted = std::move(socket);
    server.reset();
  });
  server->listen(SocketAddress::loopback());
  RawPeer peer = RawPeer::connect(server->address());
  run_until([&] { return accepted.has_value(); });
  settle();
  wait(accepted->write("still here"));
  EXPECT_EQ(peer.receive(), "still here");
}

TEST_F(TcpServerTest, connections_nobody_took_end_with_it) {
  std::optional<TcpServer> server(listening());
  RawPeer first = RawPeer::connect(server->address());
  RawPeer second = RawPeer::connect(server->address());
  settle();
  server.reset();
  settle();
  EXPECT_EQ(first.receive(), "");
  EXPECT_EQ(second.receive(), "");
}

// --- accept() -----------------------------------------------------------------------------------

TEST_F(TcpServerTest, connections_wait_for_accept) {
  TcpServer server = listening();
  RawPeer first = RawPeer::connect(server.address());
  RawPeer second = RawPeer::connect(server.address());
  first.send("1");
  second.send("2");
  AnnouncedTypes types;
  settle();
  EXPECT_EQ(types.count("TCPWRAP"), 0);
  std::array<std::byte, 4> buffer;
  for (std::byte expected : {std::byte{'1'}, std::byte{'2'}}) {
    TcpSocket socket = wait(server.accept());
    wait(socket.read(buffer));
    EXPECT_EQ(buffer[0], expected);
  }
}

TEST_F(TcpServerTest, accepts_that_wait_are_served_in_their_order) {
  TcpServer server = listening();
  std::string order;
  for (const char* name : {"a", "b"}) {
    server.accept().then([&order, name](TcpSocket) { order += name; }).detach();
  }
  RawPeer first = RawPeer::connect(server.address());
  RawPeer second = RawPeer::connect(server.address());
  run_until([&] { return order.size() == 2; });
  EXPECT_EQ(order, "ab");
}

TEST_F(TcpServerTest, an_accept_that_waits_is_cancelled_by_close) {
  TcpServer server = listening();
  const std::string at = server.address().to_string();
  auto first = server.accept();
  auto second = server.accept();
  server.close();
  EXPECT_EQ(failure_of(std::move(first)), "accept " + at + ": ECANCELED: operation canceled");
  EXPECT_THAT(failure_of(std::move(second)), HasSubstr("ECANCELED"));
}

TEST_F(TcpServerTest, accept_needs_a_server_that_listens) {
  TcpServer server;
  EXPECT_EQ(failure_of(server.accept()), "accept: EBADF: this server does not listen");
  server.listen(SocketAddress::loopback());
  server.close();
  EXPECT_THAT(failure_of(server.accept()), HasSubstr("EBADF"));
}

TEST_F(TcpServerTest, a_connection_accepted_for_nobody_is_closed) {
  TcpServer server = listening();
  server.accept().detach();
  RawPeer peer = RawPeer::connect(server.address());
  settle();
  EXPECT_EQ(peer.receive(), "");
}

// --- an accept() that a hook cancels as its connection is made -----------------------------------

class TcpServerMeddled : public TcpServerTest {
 protected:
  /// Somebody connects, says so, and the accept() that waits is cancelled in the init of that.
  RawPeer connect_and_cancel(TcpServer& server) {
    std::stop_source source;
    auto waiting = server.accept(source.get_token());
    const auto meddler = Meddler::in_init_of("TCPWRAP", [&] { source.request_stop(); });
    RawPeer peer = RawPeer::connect(server.address());
    peer.send("ping");
    EXPECT_THAT(failure_of(std::move(waiting)), HasSubstr("ECANCELED"));
    return peer;
  }
  std::string heard(TcpSocket socket) {
    std::array<std::byte, 4> buffer;
    const std::size_t size = wait(socket.read(buffer));
    return std::string(as_text(std::span(buffer).first(size)));
  }
};

TEST_F(TcpServerMeddled, leaves_the_connection_to_the_next_accept) {
  TcpServer server = listening();
  RawPeer peer = connect_and_cancel(server);
  EXPECT_EQ(heard(wait(server.accept())), "ping");
}

TEST_F(TcpServerMeddled, leaves_the_connection_to_who_waits_already) {
  TcpServer server = listening();
  std::stop_source source;
  auto first = server.accept(source.get_token());
  auto second = server.accept();
  const auto meddler = Meddler::in_init_of("TCPWRAP", [&] { source.request_stop(); });
  RawPeer peer = RawPeer::connect(server.address());
  peer.send("ping");
  EXPECT_THAT(failure_of(std::move(first)), HasSubstr("ECANCELED"));
  EXPECT_EQ(heard(wait(std::move(second))), "ping");
}

TEST_F(TcpServerMeddled, leaves_the_connection_to_the_callback) {
  std::optional<TcpSocket> accepted;
  TcpServer server([&](TcpSocket socket) { accepted = std::move(socket); });
  server.listen(SocketAddress::loopback());
  RawPeer peer = connect_and_cancel(server);
  run_until([&] { return accepted.has_value(); });
  EXPECT_EQ(heard(std::move(*accepted)), "ping");
}

TEST_F(TcpServerMeddled, closes_a_connection_that_nobody_wants_with_itself) {
  TcpServer server = listening();
  RawPeer peer = connect_and_cancel(server);
  server.close();
  settle();
  EXPECT_EQ(peer.receive(), "");
}

// --- errors of accepting ------------------------------------------------------------------------

class TcpServerErrorTest : public TcpServerTest {
 protected:
  TcpServerErrorTest() {
    server_.emplace([this](TcpSocket socket) { accepted_ = std::move(socket); });
    server_->listen(SocketAddress::loopback());
    accept_error = EPERM;  // What a firewall answers.
    peer_.emplace(RawPeer::connect(server_->address()));
  }
  ~TcpServerErrorTest() override { accept_error = 0; }
  void TearDown() override {
    server_.reset();
    accepted_.reset();
    TcpServerTest::TearDown();
  }

  std::optional<TcpServer> server_;
  std::optional<TcpSocket> accepted_;
  std::optional<RawPeer> peer_;
};

TEST_F(TcpServerErrorTest, tells_on_error_what_it_could_not_accept_and_goes_on) {
  std::string error;
  server_->on_error([&](const Error& failure) {
    error = failure.what();
    accept_error = 0;
  });
  run_until([&] { return accepted_.has_value(); });
  EXPECT_EQ(error, fmt::format("accept {}: EPERM: operation not permitted", server_->address()));
}

TEST_F(TcpServerErrorTest, on_error_may_remove_itself) {
  server_->on_error([&, mine = std::make_shared<int>(1)](const Error&) {
    server_->on_error({});
    accept_error = *mine - 1;
  });
  run_until([&] { return accepted_.has_value(); });
}

TEST_F(TcpServerErrorTest, what_on_error_throws_reaches_the_loop) {
  catch_uncaught();
  server_->on_error([](const Error&) {
    accept_error = 0;
    throw std::runtime_error("thrown");
  });
  run_until([&] { return accepted_.has_value(); });
  EXPECT_EQ(uncaught, "thrown");
}

TEST_F(TcpServerErrorTest, may_be_destroyed_inside_on_error) {
  server_->on_error([&](const Error&) {
    accept_error = 0;
    server_.reset();
  });
  run_until([&] { return !server_; });
  settle();
  EXPECT_FALSE(accepted_);
}

TEST_F(TcpServerErrorTest, a_shortage_of_descriptors_is_told_once_and_tried_again_now_and_then) {
  testing::FakeClock clock;
  int told = 0;
  server_->on_error([&](const Error& error) { told += error.name() == "EMFILE"; });
  accept_error = EMFILE;
  run_until([&] { return told == 1; });
  for (int i = 0; i < 5; ++i) clock.advance(250ms);
  EXPECT_EQ(told, 1);
  accept_error = 0;
  clock.advance(250ms);
  run_until([&] { return accepted_.has_value(); });
}

TEST_F(TcpServerErrorTest, a_shortage_of_descriptors_ends_when_a_handle_closes) {
  testing::FakeClock clock;  // Which stands still.
  int told = 0;
  TcpSocket other = wait(TcpSocket::connect(server_->address()));
  server_->on_error([&](const Error&) { ++told; });
  accept_error = EMFILE;
  run_until([&] { return told == 1; });
  accept_error = 0;
  settle();
  EXPECT_FALSE(accepted_);
  other.close();
  run_until([&] { return accepted_.has_value(); });
}

TEST_F(TcpServerErrorTest, a_server_may_be_destroyed_as_it_hears_of_a_shortage) {
  accept_error = ENFILE;
  server_->on_error([&](const Error&) { server_.reset(); });
  run_until([&] { return !server_; });
  settle();
  EXPECT_FALSE(accepted_);
}

// --- what hooks see -----------------------------------------------------------------------------

struct Birth {
  AsyncId trigger = 0;
  AsyncId execution = 1;
};

TEST_F(TcpServerTest, a_connection_is_triggered_by_it_and_made_by_nobody) {
  TcpServer server = listening();
  Birth birth;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (made.type == "TCPWRAP") birth = {made.trigger_async_id, execution_async_id()};
  }});
  hook.enable();
  RawPeer peer = RawPeer::connect(server.address());
  wait(server.accept());
  EXPECT_EQ(birth.trigger, server.async_id());
  EXPECT_EQ(birth.execution, no_async_id);
}

TEST_F(TcpServerTest, a_connection_that_waited_is_made_by_nobody_either) {
  TcpServer server = listening();
  RawPeer peer = RawPeer::connect(server.address());
  settle();
  Birth birth;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (made.type == "TCPWRAP") birth = {made.trigger_async_id, execution_async_id()};
  }});
  hook.enable();
  wait(server.accept());
  EXPECT_EQ(birth.trigger, server.async_id());
  EXPECT_EQ(birth.execution, no_async_id);
}

}  // namespace
}  // namespace contrail
