#include "contrail/udp.h"

#include <dlfcn.h>
#include <uv.h>

#include <array>
#include <climits>

#include "contrail/async_local_storage.h"
#include "lives.h"
#include "udp_test.h"

namespace contrail {
bool system_is_busy = false;
}  // namespace contrail

/// In place of libuv's: on loopback the system is never busy.
extern "C" [[gnu::visibility("default")]] int uv_udp_try_send(uv_udp_t* handle,
                                                              const uv_buf_t buffers[],
                                                              unsigned count, const sockaddr* to) {
  static const auto own =
      reinterpret_cast<decltype(&uv_udp_try_send)>(::dlsym(RTLD_NEXT, "uv_udp_try_send"));
  return contrail::system_is_busy ? static_cast<int>(UV_EAGAIN) : own(handle, buffers, count, to);
}

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class UdpSocketTest : public UdpTest {
 protected:
  ~UdpSocketTest() override { system_is_busy = false; }
};

// --- addresses ----------------------------------------------------------------------------------

TEST_F(UdpSocketTest, has_an_address_once_it_is_bound) {
  UdpSocket socket;
  EXPECT_EQ(error_of([&] { socket.address(); }), "getsockname: EBADF: this socket is not bound");
  socket.bind(SocketAddress::loopback());
  EXPECT_EQ(socket.address().ip(), "127.0.0.1");
  EXPECT_NE(socket.address().port(), 0);
}

TEST_F(UdpSocketTest, is_bound_once) {
  UdpSocket socket = bound();
  const std::string expected = fmt::format(
      "bind 127.0.0.1:0: EALREADY: this socket is bound already, to {}", socket.address());
  EXPECT_EQ(error_of([&] { socket.bind(SocketAddress::loopback()); }), expected);
}

TEST_F(UdpSocketTest, may_try_another_address_if_one_cannot_be_had) {
  UdpSocket first = bound(), second;
  EXPECT_EQ(error_of([&] { second.bind(first.address()); }),
            fmt::format("bind {}: EADDRINUSE: address already in use", first.address()));
  second.bind(SocketAddress::loopback());
  EXPECT_NE(second.address(), first.address());
}

TEST_F(UdpSocketTest, may_share_an_address) {
  UdpSocket first, second;
  first.bind(SocketAddress::loopback(), {.reuse_address = true});
  second.bind(first.address(), {.reuse_address = true});
  EXPECT_EQ(second.address(), first.address());
}

TEST_F(UdpSocketTest, may_be_for_ipv6_only) {
  UdpSocket socket;
  EXPECT_THAT(error_of([&] { socket.bind(SocketAddress::loopback(), {.ipv6_only = true}); }),
              StartsWith("bind 127.0.0.1:0: EINVAL"));
  UdpSocket other;
  try {
    other.bind(SocketAddress("::1", 0), {.ipv6_only = true});
  } catch (const Error&) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  EXPECT_EQ(other.address().ip(), "::1");
}

TEST_F(UdpSocketTest, hears_only_whom_it_is_connected_to) {
  UdpSocket socket = bound(), friendly = bound(), stranger = bound();
  socket.connect(friendly.address());
  EXPECT_EQ(socket.remote_address(), friendly.address());
  collect(socket);
  stranger.send("from a stranger", socket.address(), ignore);
  friendly.send("from a friend", socket.address(), ignore);
  run_until([&] { return !messages.empty(); });
  settle();
  EXPECT_THAT(messages, ElementsAre("from a friend"));
}

TEST_F(UdpSocketTest, sends_to_whom_it_is_connected_to) {
  UdpSocket socket, peer = bound();
  collect(peer);
  EXPECT_EQ(failure_of(socket.send("to whom?")),
            "send: EDESTADDRREQ: destination address required");
  socket.connect(peer.address());
  wait(socket.send("ping"));
  EXPECT_THAT(failure_of(socket.send("ping", peer.address())),
              StartsWith(fmt::format("send {}: EISCONN", peer.address())));
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre("ping"));
}

TEST_F(UdpSocketTest, connects_and_disconnects_in_turn) {
  UdpSocket socket = bound(), peer = bound();
  EXPECT_THAT(error_of([&] { socket.disconnect(); }), StartsWith("disconnect: ENOTCONN"));
  EXPECT_THAT(error_of([&] { socket.remote_address(); }), StartsWith("getpeername: ENOTCONN"));
  socket.connect(peer.address());
  EXPECT_THAT(error_of([&] { socket.connect(peer.address()); }),
              StartsWith(fmt::format("connect {}: EISCONN", peer.address())));
  socket.disconnect();
  EXPECT_THAT(error_of([&] { socket.remote_address(); }), StartsWith("getpeername: ENOTCONN"));
  socket.connect(peer.address());
}

TEST_F(UdpSocketTest, gets_another_port_after_it_lost_the_systems_with_its_connection) {
  UdpSocket socket = bound(), peer = bound();
  socket.connect(peer.address()).disconnect();
  EXPECT_THROW(socket.address(), Error);
  wait(socket.send("ping", peer.address()));
  EXPECT_NE(socket.address().port(), 0);
}

TEST_F(UdpSocketTest, hears_that_nobody_was_there) {
  UdpSocket socket;
  std::string heard;
  socket.on_message([&](Result<Datagram> message) { heard = message.error().what(); });
  const SocketAddress nobody = bound().address();
  settle();
  socket.connect(nobody);
  socket.send("ping", ignore);
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, fmt::format("recvmsg {}: ECONNREFUSED: connection refused", nobody));
  EXPECT_TRUE(socket.is_open());
}

// --- sending ------------------------------------------------------------------------------------

TEST_F(UdpSocketTest, sends_in_callback_style) {
  UdpSocket socket, peer = bound();
  collect(peer);
  bool sent = false;
  socket.send("ping", peer.address(), [&](Result<void> result) { sent = bool(result); });
  EXPECT_FALSE(sent);
  run_until([&] { return !messages.empty(); });
  EXPECT_TRUE(sent);
  EXPECT_THAT(messages, ElementsAre("ping"));
}

TEST_F(UdpSocketTest, sends_nothing_too) {
  UdpSocket socket, peer = bound();
  collect(peer);
  wait(socket.send("", peer.address()));
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre(""));
}

TEST_F(UdpSocketTest, is_bound_by_what_it_sends) {
  UdpSocket socket, peer = bound();
  collect(socket);
  wait(socket.send("ping", peer.address()));
  peer.send("pong", SocketAddress::loopback(socket.address().port()), ignore);
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre("pong"));
}

TEST_F(UdpSocketTest, says_later_what_is_too_long) {
  UdpSocket socket = bound();
  const std::string expected = fmt::format("send {}: EMSGSIZE: message too long", socket.address());
  std::string heard;
  socket.send(std::string(65508, 'x'), socket.address(),
              [&](Result<void> sent) { heard = sent.error().what(); });
  EXPECT_EQ(heard, "");
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, expected);
  EXPECT_EQ(failure_of(socket.send(std::string(65508, 'x'), socket.address())), expected);
}

TEST_F(UdpSocketTest, refuses_what_libuv_could_not_count) {
  UdpSocket socket = bound();
  // Nobody looks at more than the size.
  const std::string_view endless("x", std::size_t{INT_MAX} + 1);
  EXPECT_THAT(failure_of(socket.send(endless, socket.address())), HasSubstr("EMSGSIZE"));
}

TEST_F(UdpSocketTest, sends_what_fits_just_so) {
  UdpSocket socket = bound();
  collect(socket);
  socket.send(std::string(65507, 'x'), socket.address(), ignore);
  run_until([&] { return !messages.empty(); });
  EXPECT_EQ(messages.front().size(), 65507u);
}

TEST_F(UdpSocketTest, keeps_what_the_system_cannot_take_at_once) {
  UdpSocket socket = bound();
  collect(socket);
  int sent = 0;
  system_is_busy = true;
  for (std::string data : {"first", "second"}) {
    socket.send(data, socket.address(), [&](Result<void> result) { sent += bool(result); });
  }
  EXPECT_EQ(socket.send_queue_count(), 2u);
  EXPECT_EQ(socket.send_queue_size(), 11u);
  run_until([&] { return sent == 2 && messages.size() == 2; });
  EXPECT_THAT(messages, ElementsAre("first", "second"));
  EXPECT_EQ(socket.send_queue_count(), 0u);
}

TEST_F(UdpSocketTest, sends_to_its_peer_what_had_to_wait) {
  UdpSocket socket, peer = bound();
  collect(peer);
  socket.connect(peer.address());
  system_is_busy = true;
  wait(socket.send("ping"));
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre("ping"));
}

TEST_F(UdpSocketTest, cancels_what_waits_when_it_closes) {
  UdpSocket socket = bound();
  std::vector<std::string> ends;
  auto note = [&](Result<void> sent) { ends.push_back(sent ? "sent" : sent.error().what()); };
  const SocketAddress to = socket.address();
  system_is_busy = true;
  socket.send("first", to, note);
  socket.send("second", to, note);
  socket.close();
  EXPECT_THAT(ends, IsEmpty());
  run_until([&] { return ends.size() == 2; });
  EXPECT_THAT(ends, ElementsAre("sent", fmt::format("send {}: ECANCELED: operation canceled", to)));
}

TEST_F(UdpSocketTest, cancels_what_waits_when_it_closes_in_its_callback) {
  UdpSocket socket = bound();
  const SocketAddress to = socket.address();
  std::string end;
  socket.on_message([&](auto) { socket.close(); });
  system_is_busy = true;
  // From in here libuv waits until the system has room, which is when the first arrives, too.
  socket.send("first", to, [&](auto) {
    socket.send("second", to,
                [&](Result<void> sent) { end = sent ? "sent" : sent.error().name(); });
  });
  run_until([&] { return !end.empty(); });
  EXPECT_EQ(end, "ECANCELED");
}

TEST_F(UdpSocketTest, fails_later_if_it_is_closed) {
  UdpSocket socket = bound();
  const SocketAddress to = socket.address();
  socket.close();
  std::string heard;
  socket.send("ping", to, [&](Result<void> sent) { heard = sent.error().name(); });
  EXPECT_EQ(heard, "");
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, "EBADF");
}

// --- receiving ----------------------------------------------------------------------------------

TEST_F(UdpSocketTest, says_who_sent_what) {
  UdpSocket socket = bound(), peer = bound();
  std::optional<SocketAddress> from;
  socket.on_message([&](Result<Datagram> message) {
    EXPECT_EQ(as_text(message->bytes), "ping");
    EXPECT_FALSE(message->truncated);
    from = message->from;
  });
  peer.send("ping", socket.address(), ignore);
  run_until([&] { return from.has_value(); });
  EXPECT_EQ(from, peer.address());
}

TEST_F(UdpSocketTest, listens_ahead_of_being_bound) {
  UdpSocket socket;
  collect(socket);
  socket.bind(SocketAddress::loopback());
  socket.send("ping", socket.address(), ignore);
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre("ping"));
}

TEST_F(UdpSocketTest, receives_in_coroutine_style) {
  auto echo = [](UdpSocket& socket, int times) -> Promise<void> {
    std::array<std::byte, 16> buffer;
    while (times-- > 0) {
      const Datagram message = co_await socket.receive(buffer);
      co_await socket.send(as_text(message.bytes), message.from);
    }
  };
  UdpSocket socket = bound(), peer = bound();
  collect(peer);
  Promise<void> done = echo(socket, 2);
  peer.send("first", socket.address(), ignore);
  peer.send("second", socket.address(), ignore);
  wait(std::move(done));
  run_until([&] { return messages.size() == 2; });
  EXPECT_THAT(messages, ElementsAre("first", "second"));
}

TEST_F(UdpSocketTest, says_what_did_not_fit) {
  UdpSocket socket = bound();
  std::array<std::byte, 4> buffer;
  socket.send("longer", socket.address(), ignore);
  socket.send("next", socket.address(), ignore);
  const Datagram cut = wait(socket.receive(buffer));
  EXPECT_EQ(as_text(cut.bytes), "long");
  EXPECT_TRUE(cut.truncated);
  const Datagram next = wait(socket.receive(buffer));
  EXPECT_EQ(as_text(next.bytes), "next");
  EXPECT_FALSE(next.truncated);
}

TEST_F(UdpSocketTest, receives_one_at_a_time) {
  UdpSocket socket = bound();
  std::array<std::byte, 4> buffer;
  EXPECT_THAT(failure_of(socket.receive({})), HasSubstr(": EINVAL"));
  Promise<Datagram> first = socket.receive(buffer);
  EXPECT_THAT(failure_of(socket.receive(buffer)), HasSubstr(": EBUSY"));
  collect(socket);
  socket.send("1", socket.address(), ignore);
  socket.send("2", socket.address(), ignore);
  EXPECT_EQ(as_text(wait(std::move(first)).bytes), "1");
  EXPECT_THAT(failure_of(socket.receive(buffer)), HasSubstr(": EBUSY"));
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre("2"));
}

TEST_F(UdpSocketTest, a_receive_that_waits_is_cancelled_by_close) {
  UdpSocket socket = bound();
  const std::string expected =
      fmt::format("recvmsg {}: ECANCELED: operation canceled", socket.address());
  std::array<std::byte, 4> buffer;
  Promise<Datagram> waiting = socket.receive(buffer);
  socket.close();
  EXPECT_EQ(failure_of(std::move(waiting)), expected);
  EXPECT_THAT(failure_of(socket.receive(buffer)), HasSubstr(": EBADF"));
}

TEST_F(UdpSocketTest, may_replace_its_callback_inside_it) {
  UdpSocket socket = bound();
  socket.on_message([&](Result<Datagram>) { collect(socket); });
  socket.send("1", socket.address(), ignore);
  socket.send("2", socket.address(), ignore);
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre("2"));
}

TEST_F(UdpSocketTest, may_stop_inside_its_callback) {
  UdpSocket socket = bound();
  int heard = 0;
  socket.on_message([&](Result<Datagram>) {
    ++heard;
    socket.on_message({});
  });
  socket.send("1", socket.address(), ignore);
  socket.send("2", socket.address(), ignore);
  loop().run();
  EXPECT_EQ(heard, 1);
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(as_text(wait(socket.receive(buffer)).bytes), "2");
}

TEST_F(UdpSocketTest, may_throw_from_its_callback_and_goes_on) {
  catch_uncaught();
  UdpSocket socket = bound();
  int heard = 0;
  socket.on_message([&](Result<Datagram>) {
    if (++heard == 1) throw std::runtime_error("of the first");
  });
  socket.send("1", socket.address(), ignore);
  socket.send("2", socket.address(), ignore);
  run_until([&] { return heard == 2; });
  EXPECT_EQ(uncaught, "of the first");
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(UdpSocketTest, a_send_that_the_system_takes_is_no_request) {
  Lives lives({"UDPWRAP", "UDPSENDWRAP", "TickObject"});
  UdpSocket socket = bound();
  AsyncId sent = no_async_id;
  socket.send("ping", socket.address(), [&](auto) {
    sent = execution_async_id();
    EXPECT_EQ(trigger_async_id(), socket.async_id());
  });
  run_until([&] { return sent != no_async_id; });
  EXPECT_EQ(sent, lives.id("TickObject"));
  EXPECT_EQ(lives.count("UDPSENDWRAP"), 0u);
}

TEST_F(UdpSocketTest, a_send_that_has_to_wait_is_a_request_of_the_socket) {
  Lives lives({"UDPWRAP", "UDPSENDWRAP"});
  UdpSocket socket = bound();
  system_is_busy = true;
  std::string inside, at_close;
  socket.on_close([&] { at_close = lives.of("UDPSENDWRAP"); });
  socket.send("ping", socket.address(), [&](auto) {
    inside = lives.of("UDPSENDWRAP");
    socket.close();
  });
  loop().run();
  EXPECT_EQ(inside, "1/1/0/0");
  EXPECT_EQ(at_close, "1/1/1/0");
  EXPECT_EQ(lives.of("UDPSENDWRAP"), "1/1/1/1");
  EXPECT_THAT(lives.graph(), ElementsAre("UDPWRAP:1 by root", "UDPSENDWRAP:1 by UDPWRAP:1"));
}

TEST_F(UdpSocketTest, runs_once_per_datagram_and_not_when_it_is_closed) {
  Lives lives({"UDPWRAP"});
  UdpSocket socket = bound();
  std::string at_close;
  socket.on_close([&] {
    EXPECT_EQ(trigger_async_id(), lives.id("UDPWRAP"));
    at_close = lives.of("UDPWRAP");
  });
  socket.on_message([&](auto) { socket.close(); });
  socket.send("ping", socket.address(), ignore);
  loop().run();
  EXPECT_EQ(at_close, "1/1/1/0");
  EXPECT_EQ(lives.of("UDPWRAP"), "1/1/1/1");
}

TEST_F(UdpSocketTest, that_is_only_made_and_closed_never_runs) {
  Lives lives({"UDPWRAP"});
  UdpSocket socket;
  EXPECT_EQ(lives.of("UDPWRAP"), "1/0/0/0");
  std::string at_close;
  socket.on_close([&] { at_close = lives.of("UDPWRAP"); });
  socket.close();
  loop().run();
  EXPECT_EQ(at_close, "1/0/0/0");
  EXPECT_EQ(lives.of("UDPWRAP"), "1/0/0/1");
}

TEST_F(UdpSocketTest, shows_hooks_its_addresses) {
  UdpSocket peer = bound(), socket = bound();
  socket.connect(peer.address());
  socket.on_message([&](Result<Datagram>) {
    const auto* details = execution_async_resource().details.as<UdpSocket::Details>();
    messages.push_back(fmt::format("{} {}", *details->local, *details->remote));
  });
  peer.send("ping", socket.address(), ignore);
  run_until([&] { return !messages.empty(); });
  EXPECT_THAT(messages, ElementsAre(fmt::format("{} {}", socket.address(), peer.address())));
}

}  // namespace
}  // namespace contrail
