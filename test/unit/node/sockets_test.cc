// What Node's own tests say of the lives of sockets, and of who causes whom.

#include <optional>

#include "contrail/async_local_storage.h"
#include "contrail/timers.h"
#include "lives.h"
#include "tcp_test.h"

namespace contrail {
namespace {

using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::UnorderedElementsAre;
using Chunk = Result<std::span<const std::byte>>;

class SocketLives : public TcpTest {
 protected:
  /// Waits for the end of what the peer sends, and closes.
  static void close_at_end(TcpSocket& socket) {
    socket.on_data([&socket](Chunk chunk) {
      if (!chunk || chunk->empty()) socket.close();
    });
  }
  /// A server for one connection, which it ends at once.
  TcpServer& listen() {
    server.emplace([&](TcpSocket socket) {
      accepted = std::move(socket);
      on_connection();
      accepted.shutdown(ignore);
      close_at_end(accepted);
      server->close();
    });
    return server->listen(SocketAddress::loopback());
  }
  auto keep_client() {
    return [this](Result<TcpSocket> socket) {
      client = std::move(*socket);
      on_connect();
      client.shutdown(ignore);
      close_at_end(client);
    };
  }

  std::optional<TcpServer> server;
  TcpSocket client, accepted;
  Function<void()> on_connection = [] {}, on_connect = [] {};
};

TEST_F(SocketLives, of_a_connection_from_listen_to_close) {
  Lives lives({"TCPSERVERWRAP", "TCPWRAP", "TCPCONNECTWRAP"});
  on_connection = [&] {
    EXPECT_EQ(lives.of("TCPSERVERWRAP"), "1/1/0/0");
    EXPECT_EQ(lives.of("TCPWRAP", 2), "1/0/0/0");
  };
  on_connect = [&] { EXPECT_EQ(lives.of("TCPCONNECTWRAP"), "1/1/0/0"); };
  listen();
  EXPECT_EQ(lives.of("TCPSERVERWRAP"), "1/0/0/0");
  TcpSocket::connect(server->address(), keep_client());
  EXPECT_EQ(lives.of("TCPWRAP"), "1/0/0/0");
  EXPECT_EQ(lives.of("TCPCONNECTWRAP"), "1/0/0/0");
  loop().run();
  EXPECT_EQ(lives.of("TCPSERVERWRAP"), "1/1/1/1");
  EXPECT_EQ(lives.of("TCPCONNECTWRAP"), "1/1/1/1");
  EXPECT_EQ(lives.of("TCPWRAP", 1), "1/2/2/1");
  EXPECT_EQ(lives.of("TCPWRAP", 2), "1/2/2/1");
}

TEST_F(SocketLives, follow_from_each_other_when_an_address_is_connected_to) {
  Lives lives({"TCPSERVERWRAP", "TCPWRAP", "TCPCONNECTWRAP", "SHUTDOWNWRAP"});
  listen();
  TcpSocket::connect(server->address(), keep_client());
  loop().run();
  EXPECT_THAT(lives.graph(),
              UnorderedElementsAre("TCPSERVERWRAP:1 by root", "TCPWRAP:1 by root",
                                   "TCPCONNECTWRAP:1 by TCPWRAP:1", "TCPWRAP:2 by TCPSERVERWRAP:1",
                                   "SHUTDOWNWRAP:1 by TCPWRAP:2", "SHUTDOWNWRAP:2 by TCPWRAP:1"));
}

TEST_F(SocketLives, begin_with_a_look_up_when_a_name_is_connected_to) {
  Lives lives({"TCPSERVERWRAP", "TCPWRAP", "GETADDRINFOREQWRAP", "TCPCONNECTWRAP", "SHUTDOWNWRAP",
               "Program"});
  listen();
  AsyncResource program("Program");
  program.run_in_async_scope([&] {
    TcpSocket::connect("localhost", server->address().port(),
                       [&](Result<TcpSocket> socket) { client = std::move(socket).value(); });
  });
  run_until([&] { return client && accepted; });
  client.close();
  loop().run();
  // A name may have addresses where nobody listens, each with a socket of its own.
  const auto last = fmt::format("TCPWRAP:{}", lives.count("TCPWRAP"));
  EXPECT_THAT(lives.graph(),
              IsSupersetOf({std::string("TCPWRAP:1 by Program:1"),
                            std::string("GETADDRINFOREQWRAP:1 by TCPWRAP:1"),
                            std::string("TCPCONNECTWRAP:1 by TCPWRAP:1"),
                            last + " by TCPSERVERWRAP:1", "SHUTDOWNWRAP:1 by " + last}));
}

TEST_F(SocketLives, of_a_shutdown_begin_with_its_call) {
  Lives lives({"SHUTDOWNWRAP"});
  auto [socket, peer] = connected_to_peer();
  EXPECT_EQ(lives.count("SHUTDOWNWRAP"), 0u);
  bool done = false;
  socket.shutdown([&](auto) {
    EXPECT_EQ(lives.of("SHUTDOWNWRAP"), "1/1/0/0");
    done = true;
  });
  EXPECT_EQ(lives.of("SHUTDOWNWRAP"), "1/0/0/0");
  run_until([&] { return done; });
  socket.close();
  settle();
  EXPECT_EQ(lives.of("SHUTDOWNWRAP"), "1/1/1/1");
}

TEST_F(SocketLives, have_one_write_request_when_one_write_has_to_wait) {
  Lives lives({"WRITEWRAP"});
  auto [client_end, server_end] = connected_ends();
  client_end.write("small", ignore);
  EXPECT_EQ(lives.count("WRITEWRAP"), 0u);
  while (client_end.write_queue_size() == 0) {
    client_end.write(std::string(1'280'000, 'x'), ignore);
  }
  EXPECT_EQ(lives.count("WRITEWRAP"), 1u);
  client_end.close();
  server_end.close();
  loop().run();
  EXPECT_EQ(lives.count("WRITEWRAP"), 1u);
  EXPECT_EQ(lives.of("WRITEWRAP"), "1/1/1/1");
}

TEST_F(SocketLives, are_whole_when_a_connection_fails_at_once) {
  Lives lives;
  std::string error;
  // No family routes to the broadcast address.
  TcpSocket::connect(SocketAddress("255.255.255.255", 1), [&](Result<TcpSocket> socket) {
    error = socket ? "connected" : socket.error().name();
    EXPECT_NE(execution_async_id(), no_async_id);
  });
  loop().run();
  EXPECT_NE(error, "connected");
  EXPECT_EQ(lives.count("TCPWRAP"), 1u);
  EXPECT_THAT(lives.recorder().violations(), IsEmpty());
  EXPECT_THAT(lives.recorder().alive(), IsEmpty());
}

// --- Callbacks for the end of a stream, bound where they are given.

class StreamEnds : public SocketLives {
 protected:
  /// Node's stream.finished(): one who is told, wherever the stream is closed.
  template <class F>
  static void when_finished(TcpSocket& socket, F fn) {
    socket.on_close(AsyncResource::bind(std::move(fn), "STREAM_END_OF_STREAM"));
  }
};

TEST_F(StreamEnds, are_told_in_the_context_where_the_callback_was_given) {
  AsyncLocalStorage<int> storage;
  auto [socket, peer] = connected_to_peer();
  int seen = 0;
  storage.run(
      1, [&, &socket = socket] { when_finished(socket, [&] { seen = *storage.get_store(); }); });
  storage.run(2, [&, &socket = socket] { socket.close(); });
  run_until([&] { return seen != 0; });
  EXPECT_EQ(seen, 1);
}

TEST_F(StreamEnds, are_told_by_a_resource_that_whoever_gave_the_callback_has_caused) {
  auto [socket, peer] = connected_to_peer();
  AsyncId trigger = no_async_id;
  std::string type;
  AsyncResource program("Program");
  program.run_in_async_scope([&, &socket = socket] {
    when_finished(socket, [&] {
      trigger = trigger_async_id();
      type = execution_async_resource().type;
    });
  });
  socket.close();
  run_until([&] { return trigger != no_async_id; });
  EXPECT_EQ(trigger, program.async_id());
  EXPECT_EQ(type, "STREAM_END_OF_STREAM");
}

}  // namespace
}  // namespace contrail
