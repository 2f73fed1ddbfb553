#include <sys/wait.h>

#include <array>

#include "contrail/async_local_storage.h"
#include "contrail/pipe.h"
#include "support/tcp_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;

class PipePassing : public TcpTest {
 protected:
  PipePassing() { std::tie(sender, receiver) = Pipe::pair({.passes_streams = true}); }
  /// What arrives, up to 64 bytes.
  std::string read(Stream& stream) {
    std::array<std::byte, 64> buffer;
    const std::size_t size = wait(stream.read(buffer));
    return std::string(as_text(std::span(buffer).first(size)));
  }
  void TearDown() override {
    sender.close();
    receiver.close();
    TcpTest::TearDown();
  }

  Pipe sender;
  Pipe receiver;
};

TEST_F(PipePassing, hands_over_a_tcp_socket_that_works) {
  auto [socket, peer] = connected_to_peer();
  const SocketAddress remote = socket.remote_address();
  wait(sender.send("one", std::move(socket)));
  EXPECT_EQ(read(receiver), "one");
  auto received = receiver.receive();
  auto& its = std::get<TcpSocket>(received);
  EXPECT_EQ(its.remote_address(), remote);
  wait(its.write("ping"));
  EXPECT_EQ(peer.receive(), "ping");
  peer.send("pong");
  EXPECT_EQ(read(its), "pong");
}

TEST_F(PipePassing, hands_over_a_pipe) {
  auto [one, other] = Pipe::pair();
  wait(sender.send("p", std::move(one)));
  EXPECT_EQ(read(receiver), "p");
  auto received = receiver.receive();
  wait(std::get<Pipe>(received).write("hi"));
  EXPECT_EQ(read(other), "hi");
}

TEST_F(PipePassing, hands_over_several_in_their_order) {
  auto [first, its_peer] = connected_to_peer();
  auto [second, other_peer] = connected_to_peer();
  const SocketAddress remotes[] = {first.remote_address(), second.remote_address()};
  sender.send("1", std::move(first), ignore);
  wait(sender.send("2", std::move(second)));
  std::string got;
  std::vector<SocketAddress> received;
  while (received.size() < 2) {
    got += read(receiver);
    for (auto next = receiver.receive(); next.index() != 0; next = receiver.receive()) {
      received.push_back(std::get<TcpSocket>(next).remote_address());
    }
  }
  EXPECT_EQ(got, "12");
  EXPECT_THAT(received, ::testing::ElementsAreArray(remotes));
}

TEST_F(PipePassing, has_nothing_to_receive_by_itself) {
  EXPECT_EQ(receiver.receive().index(), 0u);
  wait(sender.write("text"));
  EXPECT_EQ(read(receiver), "text");
  EXPECT_EQ(receiver.receive().index(), 0u);
}

TEST_F(PipePassing, closes_what_nobody_receives) {
  auto [socket, peer] = connected_to_peer();
  wait(sender.send("x", std::move(socket)));
  EXPECT_EQ(read(receiver), "x");
  receiver.close();
  settle();
  EXPECT_EQ(peer.receive(), "");
}

TEST_F(PipePassing, without_data_is_refused) {
  auto [socket, peer] = connected_to_peer();
  EXPECT_THAT(failure_of(sender.send("", std::move(socket))), HasSubstr("send"));
  settle();
  EXPECT_EQ(peer.receive(), "") << "it was not closed";
}

TEST_F(PipePassing, over_a_pipe_that_passes_none_is_refused) {
  auto [one, other] = Pipe::pair();
  auto [socket, peer] = connected_to_peer();
  EXPECT_THAT(failure_of(one.send("x", std::move(socket))), HasSubstr("EINVAL"));
}

TEST_F(PipePassing, over_a_closed_pipe_is_refused) {
  auto [socket, peer] = connected_to_peer();
  sender.close();
  EXPECT_THAT(failure_of(sender.send("x", std::move(socket))), HasSubstr("EBADF"));
}

TEST_F(PipePassing, is_cancelled_by_close) {
  auto [socket, peer] = connected_to_peer();
  sender.write(std::string(8 << 20, 'x'), ignore);
  auto sent = sender.send("x", std::move(socket));
  sender.close();
  EXPECT_THAT(failure_of(std::move(sent)), HasSubstr("ECANCELED"));
  settle();
  EXPECT_EQ(peer.receive(), "");
}

TEST_F(PipePassing, makes_a_stream_that_the_pipe_has_triggered_in_no_context) {
  AsyncLocalStorage<int> storage;
  auto [socket, peer] = connected_to_peer();
  wait(sender.send("x", std::move(socket)));
  EXPECT_EQ(read(receiver), "x");
  AsyncId trigger = no_async_id;
  AsyncHook hook{{.init = [&](const ResourceInfo& made) {
    if (made.type == "TCPWRAP") trigger = made.trigger_async_id;
  }}};
  hook.enable();
  auto received = storage.run(7, [&] { return receiver.receive(); });
  EXPECT_EQ(trigger, receiver.async_id());
  int seen = 0;
  std::get<TcpSocket>(received).on_data([&](auto) { seen = storage.get_store() ? 7 : -1; });
  peer.send("x");
  run_until([&] { return seen != 0; });
  EXPECT_EQ(seen, -1);
}

/// What a child does with the other end: answers on the socket that it receives.
[[noreturn]] void answer_in_a_child(int descriptor) {
  Loop loop;
  Pipe pipe = Pipe::from_descriptor(descriptor, {.passes_streams = true});
  Pipe::Received received;
  pipe.on_data([&](auto) {
    received = pipe.receive();
    if (auto* socket = std::get_if<TcpSocket>(&received)) {
      socket->write("from the child", [&, socket](auto) { socket->close(); });
    }
    pipe.close();
  });
  loop.run();
  ::_exit(0);
}

TEST(PipePassingProcess, hands_over_to_another_process) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    answer_in_a_child(ends[1]);
  }
  ::close(ends[1]);
  RawListener listener;
  std::string answer;
  {
    Loop loop;
    Pipe pipe = Pipe::from_descriptor(ends[0], {.passes_streams = true});
    TcpSocket::connect(listener.address(), [&](Result<TcpSocket> socket) {
      pipe.send("x", std::move(*socket), [&](Result<void> sent) {
        EXPECT_TRUE(sent);
        pipe.close();
      });
    });
    loop.run();
    answer = listener.accept().receive_all();
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(answer, "from the child");
}

}  // namespace
}  // namespace contrail
