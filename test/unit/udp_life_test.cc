// How UDP sockets end, where their callbacks run, what hooks see of them; and their options.

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "contrail/async_local_storage.h"
#include "contrail/udp.h"
#include "lives.h"
#include "support/meddler.h"
#include "udp_test.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

// --- life ---------------------------------------------------------------------------------------

class UdpLifeTest : public UdpTest {};

TEST_F(UdpLifeTest, may_be_destroyed_inside_its_own_callback) {
  std::optional<UdpSocket> socket = bound();
  int heard = 0;
  socket->on_message([&](Result<Datagram>) {
    ++heard;
    socket.reset();
  });
  socket->send("1", socket->address(), ignore);
  socket->send("2", socket->address(), ignore);
  loop().run();
  EXPECT_EQ(heard, 1);
}

TEST_F(UdpLifeTest, may_be_destroyed_inside_a_hook) {
  std::optional<UdpSocket> socket;
  AsyncHook hook({.before = [&](AsyncId id) {
    if (socket && id == socket->async_id()) socket.reset();
  }});
  socket = bound();
  bool heard = false;
  socket->on_message([&](Result<Datagram>) { heard = true; });
  hook.enable();
  socket->send("1", socket->address(), ignore);
  loop().run();
  EXPECT_FALSE(socket);
}

TEST_F(UdpLifeTest, gives_a_receive_that_a_hook_cancels_as_a_datagram_arrives_the_datagram) {
  UdpSocket socket = bound();
  std::array<std::byte, 16> buffer, other;
  std::stop_source source;
  auto receiving = socket.receive(buffer, source.get_token());
  const auto meddler = Meddler::in_before_of(socket.async_id(), [&] {
    source.request_stop();
    socket.receive(other).catch_error([] { return Datagram(); }).detach();
  });
  socket.send("ping", socket.address(), ignore);
  const Datagram received = wait(std::move(receiving));
  EXPECT_EQ(as_text(received.bytes), "ping");
  EXPECT_EQ(received.bytes.data(), buffer.data());
}

TEST_F(UdpLifeTest, may_be_moved_while_it_receives) {
  UdpSocket socket = bound();
  const AsyncId id = socket.async_id();
  collect(socket);
  UdpSocket other = std::move(socket);
  EXPECT_FALSE(socket);
  EXPECT_EQ(other.async_id(), id);
  EXPECT_EQ(socket.async_id(), no_async_id);
  other.send("ping", other.address(), ignore);
  run_until([&] { return !messages.empty(); });
}

TEST_F(UdpLifeTest, dies_with_a_sentence_when_used_after_a_move) {
  UdpSocket socket = bound();
  UdpSocket other = std::move(socket);
  EXPECT_DEATH(socket.address(), "UdpSocket");
}

TEST_F(UdpLifeTest, drops_its_callbacks_when_it_is_closed) {
  UdpSocket socket = bound();
  auto owned = std::make_shared<int>(1);
  socket.on_message([owned](Result<Datagram>) {});
  socket.close();
  socket.close();
  settle();
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(socket.is_open());
  EXPECT_EQ(error_of([&] { socket.address(); }), "getsockname: EBADF: bad file descriptor");
}

TEST_F(UdpLifeTest, refuses_everything_once_it_is_closed) {
  UdpSocket socket = bound();
  const SocketAddress at = socket.address();
  socket.close();
  EXPECT_THAT(error_of([&] { socket.bind(at); }), StartsWith(fmt::format("bind {}: EBADF", at)));
  EXPECT_THAT(error_of([&] { socket.connect(at); }), StartsWith("connect "));
  EXPECT_THAT(error_of([&] { socket.disconnect(); }), StartsWith("disconnect: EBADF"));
  EXPECT_THAT(error_of([&] { socket.remote_address(); }), StartsWith("getpeername: EBADF"));
  EXPECT_THAT(error_of([&] { socket.set_ttl(1); }), StartsWith("set_ttl 1: EBADF"));
  EXPECT_FALSE(socket.ref().unref().has_ref());
}

TEST_F(UdpLifeTest, keeps_the_loop_running_while_it_receives) {
  UdpSocket socket = bound();
  loop().run();
  collect(socket);
  EXPECT_TRUE(uv_loop_alive(loop().native()));
  EXPECT_TRUE(socket.has_ref());
  socket.unref();
  EXPECT_FALSE(socket.has_ref());
  loop().run();
  EXPECT_TRUE(socket.ref().has_ref());
  EXPECT_TRUE(uv_loop_alive(loop().native()));
}

TEST_F(UdpLifeTest, calls_nobody_when_the_loop_goes_first) {
  UdpSocket socket = bound();
  collect(socket);
  socket.on_close([&] { messages.push_back("closed"); });
  std::array<std::byte, 4> buffer;
  UdpSocket other = bound();
  other.receive(buffer).detach();
  destroy_loop();
  EXPECT_THAT(messages, ElementsAre());
}

// --- where callbacks run ------------------------------------------------------------------------

class UdpContextTest : public UdpTest {
 protected:
  void note(std::string_view what) {
    seen.push_back(
        fmt::format("{} in {}", what, storage.get_store() ? *storage.get_store() : "none"));
  }
  template <class F>
  void in(std::string store, F fn) {
    storage.run(std::move(store), std::move(fn));
  }

  AsyncLocalStorage<std::string> storage;
  std::vector<std::string> seen;
};

TEST_F(UdpContextTest, messages_come_where_the_socket_was_made) {
  std::optional<UdpSocket> socket;
  in("made", [&] { socket.emplace(); });
  in("bound", [&] { socket->bind(SocketAddress::loopback()); });
  in("listening", [&] { socket->on_message([&](auto) { note("message"); }); });
  in("sending", [&] { socket->send("1", socket->address(), [&](auto) { note("sent"); }); });
  in("too much", [&] {
    socket->send(std::string(70000, 'x'), socket->address(), [&](auto) { note("failed"); });
  });
  run_until([&] { return seen.size() == 3; });
  EXPECT_THAT(seen, ElementsAre("sent in sending", "failed in too much", "message in made"));
}

TEST_F(UdpContextTest, answers_come_where_the_socket_was_made_that_asked) {
  UdpSocket echo = bound();
  echo.on_message(
      [&](Result<Datagram> message) { echo.send(as_text(message->bytes), message->from, ignore); });
  std::optional<UdpSocket> client;
  in("client", [&] {
    client.emplace().on_message([&](auto) { note("answer"); });
    client->send("ping", echo.address(), ignore);
  });
  run_until([&] { return !seen.empty(); });
  EXPECT_THAT(seen, ElementsAre("answer in client"));
}

TEST_F(UdpContextTest, it_says_that_it_is_closed_where_it_was_closed) {
  UdpSocket socket = bound();
  in("told", [&] { socket.on_close([&] { note("closed"); }); });
  in("closing", [&] { socket.close(); });
  run_until([&] { return !seen.empty(); });
  EXPECT_THAT(seen, ElementsAre("closed in closing"));
}

TEST_F(UdpContextTest, it_says_so_if_it_just_goes_out_of_scope) {
  std::optional<UdpSocket> socket = bound();
  socket->on_close([&] { note("closed"); });
  in("going", [&] { socket.reset(); });
  run_until([&] { return !seen.empty(); });
  EXPECT_THAT(seen, ElementsAre("closed in going"));
}

TEST_F(UdpContextTest, a_coroutine_keeps_its_own) {
  UdpSocket socket = bound();
  auto one = [](UdpSocket& from, Function<void()> then) -> Promise<void> {
    std::array<std::byte, 4> buffer;
    co_await from.receive(buffer);
    then();
  };
  in("coroutine", [&] { one(socket, [&] { note("received"); }).detach(); });
  in("sending", [&] { socket.send("1", socket.address(), ignore); });
  run_until([&] { return !seen.empty(); });
  EXPECT_THAT(seen, ElementsAre("received in coroutine"));
}

// --- options ------------------------------------------------------------------------------------

class UdpOptionsTest : public UdpTest {};

TEST_F(UdpOptionsTest, are_set_one_after_the_other) {
  UdpSocket socket = bound();
  socket.set_broadcast().set_broadcast(false).set_ttl(1).set_ttl(255);
  socket.set_multicast_ttl(0).set_multicast_ttl(255).set_multicast_loopback(false);
  socket.set_multicast_interface("127.0.0.1");
}

TEST_F(UdpOptionsTest, need_a_socket_that_is_bound) {
  UdpSocket socket;
  EXPECT_EQ(error_of([&] { socket.set_ttl(1); }), "set_ttl 1: EBADF: this socket is not bound");
  EXPECT_THAT(error_of([&] { socket.set_broadcast(); }), StartsWith("set_broadcast: EBADF"));
  EXPECT_THAT(error_of([&] { socket.send_buffer_size(); }), StartsWith("send_buffer_size: EBADF"));
}

TEST_F(UdpOptionsTest, have_limits) {
  UdpSocket socket = bound();
  for (int hops : {-1, 0, 256, INT_MAX, INT_MIN}) {
    EXPECT_EQ(error_of([&] { socket.set_ttl(hops); }),
              fmt::format("set_ttl {}: EINVAL: invalid argument", hops));
  }
  for (int hops : {-1, 256, INT_MAX, INT_MIN}) {
    EXPECT_THAT(error_of([&] { socket.set_multicast_ttl(hops); }),
                StartsWith(fmt::format("set_multicast_ttl {}: EINVAL", hops)));
  }
  for (std::size_t size : {std::size_t{0}, std::size_t{INT_MAX} + 1}) {
    EXPECT_THAT(error_of([&] { socket.set_send_buffer_size(size); }),
                StartsWith(fmt::format("set_send_buffer_size {}: EINVAL", size)));
    EXPECT_THAT(error_of([&] { socket.set_receive_buffer_size(size); }),
                StartsWith(fmt::format("set_receive_buffer_size {}: EINVAL", size)));
  }
}

TEST_F(UdpOptionsTest, say_how_much_the_system_keeps) {
  UdpSocket socket = bound();
  socket.set_send_buffer_size(10000).set_receive_buffer_size(12000);
  EXPECT_GE(socket.send_buffer_size(), 10000u);
  EXPECT_GE(socket.receive_buffer_size(), 12000u);
  EXPECT_LT(socket.receive_buffer_size(), 100000u);
}

class UdpMulticastTest : public UdpTest {
 protected:
  static constexpr std::string_view interface = "127.0.0.1";
  /// Of this process: who listens to all addresses hears what anybody on the machine has joined.
  const std::string group =
      fmt::format("239.255.{}.{}", ::getpid() / 254 % 254 + 1, ::getpid() % 254 + 1);

  /// A socket that hears groups, on a port of its own.
  static UdpSocket listener() {
    UdpSocket socket;
    socket.bind(SocketAddress::any());
    return socket;
  }
  /// Sends to the group by way of loopback.
  void send_to_group(std::uint16_t port, std::string_view data) {
    UdpSocket sender = bound();
    sender.set_multicast_interface(interface).set_multicast_loopback(true);
    wait(sender.send(data, SocketAddress(group, port)));
  }
};

TEST_F(UdpMulticastTest, members_hear_what_is_sent_to_their_group) {
  UdpSocket socket = listener();
  collect(socket);
  socket.add_membership(group, interface);
  send_to_group(socket.address().port(), "to all");
  run_until([&] { return !messages.empty(); });
  socket.drop_membership(group, interface);
  send_to_group(socket.address().port(), "to the others");
  socket.send("to me", SocketAddress::loopback(socket.address().port()), ignore);
  run_until([&] { return messages.size() > 1; });
  EXPECT_THAT(messages, ElementsAre("to all", "to me"));
}

TEST_F(UdpMulticastTest, members_may_choose_whom_they_hear) {
  UdpSocket socket = listener();
  collect(socket);
  socket.add_source_specific_membership("127.0.0.9", group, interface);
  send_to_group(socket.address().port(), "from another one");
  socket.drop_source_specific_membership("127.0.0.9", group, interface);
  socket.add_source_specific_membership("127.0.0.1", group, interface);
  send_to_group(socket.address().port(), "from the right one");
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre("from the right one"));
}

TEST_F(UdpMulticastTest, joining_binds) {
  UdpSocket socket;
  socket.add_membership(group, interface);
  EXPECT_NE(socket.address().port(), 0);
}

TEST_F(UdpMulticastTest, what_is_no_group_is_refused) {
  UdpSocket socket = listener();
  EXPECT_THAT(error_of([&] { socket.add_membership("127.0.0.1", interface); }),
              StartsWith("add_membership 127.0.0.1: EINVAL"));
  EXPECT_EQ(error_of([&] { socket.add_membership("localhost"); }),
            "add_membership localhost: EINVAL: no literal IP address");
  EXPECT_THAT(error_of([&] { socket.add_membership(std::string_view("239.1.1.1\0", 10)); }),
              StartsWith("add_membership 239.1.1.1: EINVAL"));
  EXPECT_THAT(error_of([&] { socket.add_membership(group, "nowhere"); }),
              StartsWith("add_membership nowhere: EINVAL"));
  EXPECT_THAT(error_of([&] { socket.drop_membership(group, interface); }),
              StartsWith("drop_membership " + group + ": EADDRNOTAVAIL"));
  EXPECT_THAT(error_of([&] { socket.add_source_specific_membership("", group); }),
              StartsWith("add_source_specific_membership \"\": EINVAL"));
  EXPECT_THAT(error_of([&] { socket.set_multicast_interface(""); }),
              StartsWith("set_multicast_interface \"\": EINVAL"));
}

}  // namespace
}  // namespace contrail
