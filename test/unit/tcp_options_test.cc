// What can be asked of TCP beyond connecting and listening.

#include <array>

#include "contrail/tcp.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;
using TcpOptions = TcpTest;

TEST_F(TcpOptions, close_reset_tells_the_peer_at_once) {
  auto [client, server] = connected_ends();
  std::array<std::byte, 4> buffer;
  client.close_reset();
  EXPECT_FALSE(client.is_open());
  EXPECT_THAT(failure_of(server.read(buffer)), HasSubstr("ECONNRESET"));
}

TEST_F(TcpOptions, close_reset_drops_what_is_not_sent) {
  auto [client, server] = connected_ends();
  auto written = client.write(std::string(8 << 20, 'x'));
  auto ended = client.shutdown();
  client.close_reset();
  EXPECT_THAT(failure_of(std::move(written)), HasSubstr("ECANCELED"));
  EXPECT_THAT(failure_of(std::move(ended)), HasSubstr("ECANCELED"));
}

TEST_F(TcpOptions, close_reset_of_a_closed_socket_does_nothing) {
  auto [client, server] = connected_ends();
  client.close();
  client.close_reset();
  settle();
  client.close_reset();
}

TEST_F(TcpOptions, connect_from_chooses_the_local_address) {
  TcpServer server;
  server.listen(SocketAddress::loopback());
  auto accepted = server.accept();
  const SocketAddress local("127.0.0.2", 0);
  TcpSocket socket = wait(TcpSocket::connect_from(local, server.address()));
  EXPECT_EQ(socket.local_address().ip(), "127.0.0.2");
  EXPECT_EQ(wait(std::move(accepted)).remote_address(), socket.local_address());
}

TEST_F(TcpOptions, connect_from_an_address_that_is_not_ours_fails) {
  const SocketAddress local("192.0.2.1", 0);  // RFC 5737: for documentation.
  EXPECT_EQ(failure_of(TcpSocket::connect_from(local, SocketAddress::loopback(1))),
            "bind 192.0.2.1:0: EADDRNOTAVAIL: address not available");
}

TEST_F(TcpOptions, connect_from_a_port_that_is_taken_fails) {
  DeafPort taken;
  RawListener listener;
  EXPECT_THAT(failure_of(TcpSocket::connect_from(taken.address(), listener.address())),
              HasSubstr("EADDRINUSE"));
}

TEST_F(TcpOptions, reuse_port_lets_two_servers_share_an_address) {
  int first = 0;
  int second = 0;
  TcpServer one([&](TcpSocket) { ++first; });
  TcpServer other([&](TcpSocket) { ++second; });
  one.listen(SocketAddress::loopback(), {.reuse_port = true});
  other.listen(one.address(), {.reuse_port = true});
  std::vector<RawPeer> peers;
  for (int i = 0; i < 64; ++i) peers.push_back(RawPeer::connect(one.address()));
  run_until([&] { return first + second == 64; });
  EXPECT_GT(first, 0);
  EXPECT_GT(second, 0);
}

TEST_F(TcpOptions, without_reuse_port_an_address_has_one_server) {
  TcpServer one;
  TcpServer other;
  one.listen(SocketAddress::loopback());
  EXPECT_THROW(other.listen(one.address(), {.reuse_port = true}), Error);
}

TEST_F(TcpOptions, an_ipv6_server_serves_ipv4_unless_told_otherwise) {
  TcpServer both;
  both.listen(SocketAddress("::", 0));
  auto accepted = both.accept();
  wait(TcpSocket::connect(SocketAddress::loopback(both.address().port())));
  EXPECT_EQ(wait(std::move(accepted)).remote_address().ip(), "::ffff:127.0.0.1");
  TcpServer one;
  one.listen(SocketAddress("::", 0), {.ipv6_only = true});
  EXPECT_THAT(failure_of(TcpSocket::connect(SocketAddress::loopback(one.address().port()))),
              HasSubstr("ECONNREFUSED"));
}

// --- max_connections ----------------------------------------------------------------------------

class MaxConnections : public TcpTest {
 protected:
  MaxConnections() { server.listen(SocketAddress::loopback(), {.max_connections = 2}); }
  void connect(int peers_count) {
    for (int i = 0; i < peers_count; ++i) peers.push_back(RawPeer::connect(server.address()));
    settle();
  }
  void TearDown() override {
    sockets.clear();
    server.close();
    TcpTest::TearDown();
  }

  std::vector<TcpSocket> sockets;
  TcpServer server{[this](TcpSocket socket) { sockets.push_back(std::move(socket)); }};
  std::vector<RawPeer> peers;
};

TEST_F(MaxConnections, lets_the_others_wait) {
  connect(5);
  EXPECT_EQ(sockets.size(), 2u);
  peers.back().send("patience");
}

TEST_F(MaxConnections, goes_on_with_the_next_when_one_closes) {
  connect(5);
  sockets.pop_back();
  run_until([&] { return sockets.size() == 2; });
  settle();
  EXPECT_EQ(sockets.size(), 2u);
  sockets.clear();
  run_until([&] { return sockets.size() == 2; });
}

TEST_F(MaxConnections, counts_what_is_open_not_what_is_moved) {
  connect(5);
  const Stream elsewhere = std::move(sockets.back());
  sockets.pop_back();
  settle();
  EXPECT_EQ(sockets.size(), 1u);
}

TEST_F(MaxConnections, does_not_mind_that_the_server_goes_first) {
  connect(3);
  server = TcpServer();
  settle();
  sockets.clear();
  settle();
}

TEST_F(MaxConnections, holds_for_accept_too) {
  TcpServer other;
  other.listen(SocketAddress::loopback(), {.max_connections = 1});
  const RawPeer one = RawPeer::connect(other.address());
  const RawPeer two = RawPeer::connect(other.address());
  std::optional<TcpSocket> first(wait(other.accept()));
  auto second = other.accept();
  settle();
  EXPECT_TRUE(second.pending());
  first.reset();
  EXPECT_TRUE(wait(std::move(second)).is_open());
}

TEST_F(MaxConnections, keeps_the_loop_running_while_all_are_taken) {
  connect(2);
  EXPECT_TRUE(uv_loop_alive(loop().native()));
}

}  // namespace
}  // namespace contrail
