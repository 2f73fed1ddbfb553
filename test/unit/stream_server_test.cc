// What TcpServer and PipeServer have in common; what only one of them does is in their own tests.
#include "contrail/stream_server.h"

#include "contrail/async_local_storage.h"
#include "contrail/pipe.h"
#include "contrail/tcp.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;

struct Tcp {
  using Socket = TcpSocket;
  using Server = TcpServer;
  static constexpr std::string_view type = "TCPWRAP";

  void listen(TcpServer& server) { server.listen(SocketAddress::loopback()); }
  Promise<TcpSocket> connect(TcpServer& server) { return TcpSocket::connect(server.address()); }
};

struct Path {
  using Socket = Pipe;
  using Server = PipeServer;
  static constexpr std::string_view type = "PIPEWRAP";

  TempDir folder;
  void listen(PipeServer& server) { server.listen((folder.path() / "socket").string()); }
  Promise<Pipe> connect(PipeServer& server) { return Pipe::connect(server.name()); }
};

struct AbstractName {
  using Socket = Pipe;
  using Server = PipeServer;
  static constexpr std::string_view type = "PIPEWRAP";

  TempDir folder;  ///< For a name that nobody else has.
  void listen(PipeServer& server) { server.listen(std::string(1, '\0') + folder.path().string()); }
  Promise<Pipe> connect(PipeServer& server) { return Pipe::connect(server.name()); }
};

template <class Kind>
class StreamServerTest : public TcpTest {
 protected:
  using Socket = typename Kind::Socket;
  using Server = typename Kind::Server;

  Server listening() {
    Server server;
    kind.listen(server);
    return server;
  }
  Kind kind;
};

using Kinds = ::testing::Types<Tcp, Path, AbstractName>;
TYPED_TEST_SUITE(StreamServerTest, Kinds);

TYPED_TEST(StreamServerTest, hands_over_each_connection) {
  std::vector<typename TypeParam::Socket> sockets;
  typename TypeParam::Server server(
      [&](typename TypeParam::Socket socket) { sockets.push_back(std::move(socket)); });
  this->kind.listen(server);
  std::vector<typename TypeParam::Socket> clients;
  for (int i = 0; i < 10; ++i) clients.push_back(this->wait(this->kind.connect(server)));
  this->run_until([&] { return sockets.size() == clients.size(); });
  EXPECT_TRUE(sockets.back().is_open());
}

TYPED_TEST(StreamServerTest, connections_wait_for_accept) {
  auto server = this->listening();
  auto first = this->wait(this->kind.connect(server));
  auto second = this->wait(this->kind.connect(server));
  this->settle();
  this->wait(first.write("1"));
  this->wait(second.write("2"));
  std::array<std::byte, 4> buffer;
  for (std::byte expected : {std::byte{'1'}, std::byte{'2'}}) {
    auto socket = this->wait(server.accept());
    this->wait(socket.read(buffer));
    EXPECT_EQ(buffer[0], expected);
  }
}

TYPED_TEST(StreamServerTest, an_accept_that_waits_is_cancelled_by_close) {
  auto server = this->listening();
  auto first = server.accept();
  auto second = server.accept();
  server.close();
  EXPECT_THAT(this->failure_of(std::move(first)), HasSubstr("ECANCELED"));
  EXPECT_THAT(this->failure_of(std::move(second)), HasSubstr("ECANCELED"));
}

TYPED_TEST(StreamServerTest, accept_needs_a_server_that_listens) {
  typename TypeParam::Server server;
  EXPECT_THAT(this->failure_of(server.accept()), HasSubstr("EBADF"));
  this->kind.listen(server);
  server.close();
  EXPECT_THAT(this->failure_of(server.accept()), HasSubstr("EBADF"));
}

TYPED_TEST(StreamServerTest, may_be_destroyed_inside_its_own_callback) {
  std::optional<typename TypeParam::Server> server;
  std::optional<typename TypeParam::Socket> accepted;
  server.emplace([&](typename TypeParam::Socket socket) {
    server.reset();
    accepted = std::move(socket);
  });
  this->kind.listen(*server);
  auto client = this->wait(this->kind.connect(*server));
  this->run_until([&] { return accepted.has_value(); });
  this->wait(accepted->write("still here"));
  EXPECT_FALSE(server);
}

TYPED_TEST(StreamServerTest, goes_on_where_it_is_moved_to) {
  auto server = this->listening();
  auto accepted = server.accept();
  typename TypeParam::Server moved = std::move(server);
  EXPECT_FALSE(server);
  auto client = this->wait(this->kind.connect(moved));
  EXPECT_TRUE(this->wait(std::move(accepted)).is_open());
}

TYPED_TEST(StreamServerTest, close_is_idempotent_and_reported_once_in_a_tick) {
  auto server = this->listening();
  int closed = 0;
  server.on_close([&] { ++closed; });
  server.close();
  server.close();
  EXPECT_EQ(closed, 0);
  this->settle();
  EXPECT_EQ(closed, 1);
}

TYPED_TEST(StreamServerTest, runs_in_the_context_of_listen) {
  AsyncLocalStorage<int> store;
  int seen = 0;
  typename TypeParam::Server server(
      [&](auto) { seen = store.get_store() ? *store.get_store() : -1; });
  store.run(7, [&] { this->kind.listen(server); });
  auto client = this->wait(this->kind.connect(server));
  this->run_until([&] { return seen != 0; });
  EXPECT_EQ(seen, 7);
}

TYPED_TEST(StreamServerTest, a_connection_has_no_context_of_its_own) {
  AsyncLocalStorage<int> store;
  std::optional<typename TypeParam::Socket> accepted;
  int seen = 0;
  typename TypeParam::Server server([&](auto socket) {
    accepted = std::move(socket);
    accepted->on_data([&](auto) { seen = store.get_store() ? *store.get_store() : -1; });
  });
  store.run(7, [&] { this->kind.listen(server); });
  auto client = this->wait(this->kind.connect(server));
  this->wait(client.write("x"));
  this->run_until([&] { return seen != 0; });
  EXPECT_EQ(seen, -1);
}

TYPED_TEST(StreamServerTest, a_connection_is_triggered_by_it_and_made_by_nobody) {
  auto server = this->listening();
  AsyncId trigger = 0;
  AsyncId execution = 1;
  auto client = this->wait(this->kind.connect(server));
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (made.type != TypeParam::type) return;
    trigger = made.trigger_async_id;
    execution = execution_async_id();
  }});
  hook.enable();
  this->wait(server.accept());
  EXPECT_EQ(trigger, server.async_id());
  EXPECT_EQ(execution, no_async_id);
}

TYPED_TEST(StreamServerTest, keeps_the_loop_alive_unless_told_not_to) {
  auto server = this->listening();
  EXPECT_TRUE(server.has_ref());
  EXPECT_TRUE(uv_loop_alive(this->loop().native()));
  server.unref();
  EXPECT_FALSE(server.has_ref());
  EXPECT_FALSE(uv_loop_alive(this->loop().native()));
  server.ref();
  EXPECT_TRUE(uv_loop_alive(this->loop().native()));
}

TYPED_TEST(StreamServerTest, may_be_told_before_it_listens) {
  typename TypeParam::Server server;
  server.unref();
  this->kind.listen(server);
  EXPECT_FALSE(server.has_ref());
  this->loop().run();
}

}  // namespace
}  // namespace contrail
