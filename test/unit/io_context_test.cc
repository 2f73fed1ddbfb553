// In which context the callbacks of sockets and files run: as in Node.

#include <array>

#include "contrail/async_local_storage.h"
#include "contrail/fs.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using Chunk = Result<std::span<const std::byte>>;

class IoContextTest : public TcpTest {
 protected:
  /// The store of the running callback, "none" without one.
  void note() { seen_ = storage_.get_store() ? *storage_.get_store() : "none"; }
  std::string wait_for_note() {
    run_until([&] { return !seen_.empty(); });
    return std::exchange(seen_, {});
  }
  template <class F>
  decltype(auto) in(std::string store, F fn) {
    return storage_.run(std::move(store), std::move(fn));
  }

  AsyncLocalStorage<std::string> storage_;
  std::string seen_;
};

TEST_F(IoContextTest, connect_calls_back_where_it_was_called) {
  RawListener listener;
  in("connect", [&] { TcpSocket::connect(listener.address(), [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "connect");
  in("by name",
     [&] { TcpSocket::connect("localhost", listener.address().port(), [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "by name");
  in("no name", [&] { TcpSocket::connect("", 1, [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "no name");
}

TEST_F(IoContextTest, a_client_gets_its_data_where_connect_was_called) {
  RawListener listener;
  TcpSocket socket = wait(in("connect", [&] { return TcpSocket::connect(listener.address()); }));
  RawPeer peer = listener.accept();
  in("listener", [&] { socket.on_data([&](Chunk) { note(); }); });
  peer.send("ping");
  EXPECT_EQ(wait_for_note(), "connect");
  peer.end();
  EXPECT_EQ(wait_for_note(), "connect");
  in("closer", [&] { socket.on_close([&] { note(); }), socket.close(); });
  EXPECT_EQ(wait_for_note(), "connect");
}

TEST_F(IoContextTest, the_second_address_of_a_name_has_the_context_of_the_first) {
  RawListener listener;
  std::optional<TcpSocket> socket;
  in("connect", [&] {
    TcpSocket::connect("localhost", listener.address().port(),
                       [&](Result<TcpSocket> result) { socket = std::move(*result); });
  });
  run_until([&] { return socket.has_value(); });
  socket->on_data([&](Chunk) { note(); });
  listener.accept().send("ping");
  EXPECT_EQ(wait_for_note(), "connect");
}

TEST_F(IoContextTest, a_server_hands_over_connections_where_listen_was_called) {
  std::optional<TcpServer> server;
  in("made", [&] { server.emplace([&](TcpSocket) { note(); }); });
  in("listen", [&] { server->listen(SocketAddress::loopback()); });
  RawPeer peer = RawPeer::connect(server->address());
  EXPECT_EQ(wait_for_note(), "listen");
}

TEST_F(IoContextTest, an_accepted_socket_has_no_context) {
  std::optional<TcpSocket> socket;
  TcpServer server([&](TcpSocket accepted) {
    socket.emplace(std::move(accepted));
    in("connection", [&] { socket->on_data([&](Chunk) { note(); }); });
  });
  in("listen", [&] { server.listen(SocketAddress::loopback()); });
  RawPeer peer = RawPeer::connect(server.address());
  peer.send("ping");
  EXPECT_EQ(wait_for_note(), "none");
}

TEST_F(IoContextTest, an_accepted_socket_has_no_context_even_if_it_had_to_wait) {
  TcpServer server;
  server.listen(SocketAddress::loopback());
  RawPeer peer = RawPeer::connect(server.address());
  settle();
  TcpSocket socket = wait(in("accept", [&] { return server.accept(); }));
  socket.on_data([&](Chunk) { note(); });
  peer.send("ping");
  EXPECT_EQ(wait_for_note(), "none");
}

TEST_F(IoContextTest, a_server_says_it_is_closed_where_listen_was_called) {
  TcpServer server;
  server.on_close([&] { note(); });
  in("listen", [&] { server.listen(SocketAddress::loopback()); });
  in("close", [&] { server.close(); });
  EXPECT_EQ(wait_for_note(), "listen");
}

TEST_F(IoContextTest, writes_call_back_where_they_were_called) {
  auto [socket, peer] = connected_to_peer();
  in("small", [&, &socket = socket] { socket.write("ping", [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "small");
  in("large",
     [&, &socket = socket] { socket.write(std::string(8 << 20, 'x'), [&](auto) { note(); }); });
  socket.close();
  EXPECT_EQ(wait_for_note(), "large");
  in("refused", [&, &socket = socket] { socket.write("ping", [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "refused");
}

TEST_F(IoContextTest, shutdown_calls_back_where_it_was_called) {
  auto [socket, peer] = connected_to_peer();
  in("first", [&, &socket = socket] { socket.shutdown([&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "first");
  in("second", [&, &socket = socket] { socket.shutdown([&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "second");
}

TEST_F(IoContextTest, a_coroutine_keeps_its_context) {
  auto [socket, peer] = connected_to_peer();
  auto talk = [](TcpSocket& to, Function<void()> then) -> Promise<void> {
    std::array<std::byte, 4> buffer;
    co_await to.write("ping");
    co_await to.read(buffer);
    then();
  };
  auto talking = in("talk", [&, &socket = socket] { return talk(socket, [&] { note(); }); });
  peer.send("pong");
  EXPECT_EQ(wait_for_note(), "talk");
  wait(std::move(talking));
}

TEST_F(IoContextTest, files_call_back_where_they_were_asked_for) {
  in("read", [&] { fs::read_file("/nowhere", [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "read");
  in("stat", [&] { fs::stat("/", [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "stat");
  in("nul", [&] { fs::stat(fs::Path(std::string("\0", 1)), [&](auto) { note(); }); });
  EXPECT_EQ(wait_for_note(), "nul");
}

}  // namespace
}  // namespace contrail
