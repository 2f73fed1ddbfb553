#include "contrail/tcp.h"

#include <dlfcn.h>
#include <netdb.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "made_up_names.h"
#include "support/meddler.h"
#include "support/tcp_test.h"

namespace contrail {

std::vector<SocketAddress> several;

namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

addrinfo* made_up(const std::vector<SocketAddress>& addresses, std::uint16_t port, int family) {
  addrinfo* first = nullptr;
  for (auto at = addresses.rbegin(); at != addresses.rend(); ++at) {
    if (family != AF_UNSPEC && family != RawPeer::family_of(*at)) continue;
    // freeaddrinfo() frees each of them whole.
    auto* entry = static_cast<addrinfo*>(std::calloc(1, sizeof(addrinfo) + sizeof(sockaddr_in6)));
    const SocketAddress address(at->ip(), port);
    entry->ai_family = RawPeer::family_of(address);
    entry->ai_addrlen = RawPeer::size_of(address);
    entry->ai_addr = reinterpret_cast<sockaddr*>(entry + 1);
    std::memcpy(entry->ai_addr, address.native(), entry->ai_addrlen);
    entry->ai_next = std::exchange(first, entry);
  }
  return first;
}

}  // namespace
}  // namespace contrail

/// In place of the system's: a name with several addresses, whatever the machine knows.
extern "C" [[gnu::visibility("default")]] int getaddrinfo(const char* name, const char* service,
                                                          const addrinfo* hints,
                                                          addrinfo** result) {
  using System = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto system = reinterpret_cast<System>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  const bool known = name && (std::strcmp(name, "several.test") == 0 ||
                              std::strcmp(name, "xn--sevral-dva.test") == 0);
  if (!known) return system(name, service, hints, result);
  const int port = service ? std::atoi(service) : 0;
  const int family = hints ? hints->ai_family : AF_UNSPEC;
  *result = contrail::made_up(contrail::several, static_cast<std::uint16_t>(port), family);
  return 0;
}

namespace contrail {
namespace {

class TcpConnectTest : public TcpTest {
 protected:
  /// The error of a connection by name that must fail.
  std::string failure_to_reach(std::string_view host) {
    return failure_of(TcpSocket::connect(host, 1));
  }
};

TEST_F(TcpConnectTest, connects_in_callback_style) {
  RawListener listener;
  std::string remote;
  TcpSocket::connect(listener.address(), [&](Result<TcpSocket> socket) {
    remote = socket->remote_address().to_string();
  });
  run_until([&] { return !remote.empty(); });
  EXPECT_EQ(remote, listener.address().to_string());
}

TEST_F(TcpConnectTest, connects_in_coroutine_style) {
  RawListener listener;
  auto greet = [](SocketAddress to) -> Promise<void> {
    TcpSocket socket = co_await TcpSocket::connect(to);
    co_await socket.write("ping");
  };
  wait(greet(listener.address()));
  EXPECT_EQ(listener.accept().receive(), "ping");
}

TEST_F(TcpConnectTest, says_who_refused) {
  DeafPort nobody;
  const std::string expected =
      fmt::format("connect {}: ECONNREFUSED: connection refused", nobody.address());
  EXPECT_EQ(failure_of(TcpSocket::connect(nobody.address())), expected);
  std::string heard;
  TcpSocket::connect(nobody.address(),
                     [&](Result<TcpSocket> socket) { heard = socket.error().what(); });
  run_until([&] { return !heard.empty(); });
  EXPECT_EQ(heard, expected);
}

class TcpConnectMeddled : public TcpConnectTest, public ::testing::WithParamInterface<const char*> {
 protected:
  /// A connection that is cancelled in the first init of such a resource.
  std::string failure_to_reach(std::string_view host) {
    std::stop_source source;
    const auto meddler = Meddler::in_init_of(GetParam(), [&] { source.request_stop(); });
    return failure_of(TcpSocket::connect(host, listener_.address().port(), source.get_token()));
  }
  RawListener listener_;
};

TEST_P(TcpConnectMeddled, fails_when_it_is_cancelled_in_an_init_of_its_own) {
  several = {SocketAddress::loopback()};
  EXPECT_THAT(failure_to_reach("several.test"), HasSubstr("ECANCELED"));
}

INSTANTIATE_TEST_SUITE_P(Types, TcpConnectMeddled,
                         ::testing::Values("TCPWRAP", "GETADDRINFOREQWRAP", "TCPCONNECTWRAP"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(TcpConnectTest, to_an_address_fails_when_it_is_cancelled_in_the_init_of_its_request) {
  RawListener listener;
  std::stop_source source;
  const auto meddler = Meddler::in_init_of("TCPCONNECTWRAP", [&] { source.request_stop(); });
  EXPECT_THAT(failure_of(TcpSocket::connect(listener.address(), source.get_token())),
              HasSubstr("ECANCELED"));
}

TEST_F(TcpConnectTest, fails_when_it_is_cancelled_as_it_goes_on_to_the_next_address) {
  RawListener listener;
  several = {SocketAddress("127.0.0.2", 0), SocketAddress::loopback()};
  std::stop_source source;
  auto connecting =
      TcpSocket::connect("several.test", listener.address().port(), source.get_token());
  const auto meddler = Meddler::in_init_of("TCPWRAP", [&] { source.request_stop(); });
  EXPECT_THAT(failure_of(std::move(connecting)), HasSubstr("ECANCELED"));
}

TEST_F(TcpConnectTest, a_literal_is_not_looked_up) {
  RawListener listener;
  AnnouncedTypes types;
  wait(TcpSocket::connect("127.0.0.1", listener.address().port()));
  EXPECT_EQ(types.count("GETADDRINFOREQWRAP"), 0);
  EXPECT_EQ(types.count("TCPCONNECTWRAP"), 1);
}

TEST_F(TcpConnectTest, a_name_is_looked_up) {
  RawListener listener;
  AnnouncedTypes types;
  TcpSocket socket = wait(TcpSocket::connect("localhost", listener.address().port()));
  EXPECT_EQ(socket.remote_address(), listener.address());
  EXPECT_EQ(types.count("GETADDRINFOREQWRAP"), 1);
}

TEST_F(TcpConnectTest, tries_the_addresses_of_a_name_one_after_the_other) {
  RawListener listener;
  several = {SocketAddress("127.0.0.2", 0), SocketAddress("::1", 0), SocketAddress::loopback()};
  AnnouncedTypes types;
  TcpSocket socket = wait(TcpSocket::connect("several.test", listener.address().port()));
  EXPECT_EQ(socket.remote_address(), listener.address());
  EXPECT_EQ(types.count("TCPWRAP"), 3);
  EXPECT_EQ(types.count("TCPCONNECTWRAP"), 3);
}

TEST_F(TcpConnectTest, reaches_a_server_that_has_only_ipv6) {
  RawListener listener(SocketAddress("::1", 0));
  if (!listener.listening()) GTEST_SKIP() << "this machine has no IPv6";
  several = {SocketAddress::loopback(), SocketAddress("::1", 0)};
  TcpSocket socket = wait(TcpSocket::connect("several.test", listener.address().port()));
  EXPECT_EQ(socket.remote_address(), listener.address());
}

TEST_F(TcpConnectTest, says_who_refused_last) {
  DeafPort nobody;
  several = {SocketAddress("127.0.0.2", 0), SocketAddress::loopback()};
  EXPECT_THAT(failure_of(TcpSocket::connect("several.test", nobody.address().port())),
              StartsWith(fmt::format("connect {}: ECONNREFUSED", nobody.address())));
}

TEST_F(TcpConnectTest, keeps_the_interface_that_a_name_stands_for) {
  several = {SocketAddress("fe80::1%lo", 0)};
  // A machine may refuse at once or not know the address, but it must have been asked for it.
  EXPECT_THAT(
      failure_to_reach("several.test"),
      ::testing::AnyOf(StartsWith("connect [fe80::1%lo]:1"), StartsWith("connect [fe80::1]:1")));
}

TEST_F(TcpConnectTest, a_name_without_addresses_is_an_error) {
  several = {};
  EXPECT_THAT(failure_to_reach("several.test"), StartsWith("getaddrinfo several.test: EAI_NODATA"));
}

TEST_F(TcpConnectTest, a_name_that_nobody_knows_is_an_error) {
  EXPECT_THAT(failure_to_reach("contrail.invalid"), StartsWith("getaddrinfo contrail.invalid: E"));
}

TEST_F(TcpConnectTest, a_name_that_cannot_be_one_is_refused_without_asking) {
  AnnouncedTypes types;
  EXPECT_EQ(failure_to_reach(""), "getaddrinfo \"\": EINVAL: invalid argument");
  EXPECT_EQ(failure_to_reach(std::string_view("a\0b", 3)),
            "getaddrinfo a: EINVAL: invalid argument");
  EXPECT_THAT(failure_to_reach(std::string(254, 'a')), HasSubstr("aaa: EINVAL"));
  EXPECT_EQ(types.count("GETADDRINFOREQWRAP"), 0);
  EXPECT_EQ(types.count("TCPWRAP"), 0);
}

TEST_F(TcpConnectTest, a_name_that_is_not_text_is_refused) {
  EXPECT_THAT(failure_to_reach("\xff\xfe.test"), HasSubstr(": E"));
  EXPECT_THAT(failure_to_reach(std::string(253, 'a')), HasSubstr("aaa: E"));
}

TEST_F(TcpConnectTest, what_fails_at_once_is_told_later) {
  bool told = false;
  // No family routes to the broadcast address.
  TcpSocket::connect(SocketAddress("255.255.255.255", 1), [&](Result<TcpSocket> socket) {
    EXPECT_FALSE(socket);
    told = true;
  });
  EXPECT_FALSE(told);
  run_until([&] { return told; });
}

TEST_F(TcpConnectTest, knows_both_addresses) {
  auto [client, server] = connected_ends();
  EXPECT_EQ(client.local_address(), server.remote_address());
  EXPECT_EQ(client.remote_address(), server.local_address());
}

TEST_F(TcpConnectTest, a_closed_socket_knows_only_its_peer) {
  auto [client, server] = connected_ends();
  const SocketAddress peer = client.remote_address();
  client.close();
  EXPECT_EQ(client.remote_address(), peer);
  EXPECT_THROW(client.local_address(), Error);
}

TEST_F(TcpConnectTest, has_options) {
  auto [client, server] = connected_ends();
  client.set_no_delay().set_keep_alive(std::chrono::seconds(30)).set_no_delay(false);
  client.set_keep_alive(std::chrono::seconds(0));
  EXPECT_THROW(client.set_keep_alive(std::chrono::hours(24 * 365 * 100)), Error);
}

TEST_F(TcpConnectTest, a_closed_socket_refuses_options) {
  auto [client, server] = connected_ends();
  client.close();
  EXPECT_THROW(client.set_no_delay(), Error);
  EXPECT_THROW(client.set_keep_alive(std::chrono::seconds(30)), Error);
}

TEST_F(TcpConnectTest, may_be_moved_into_a_stream) {
  auto [socket, peer] = connected_to_peer();
  const AsyncId id = socket.async_id();
  Stream stream = std::move(socket);
  EXPECT_FALSE(socket);
  EXPECT_EQ(stream.async_id(), id);
  wait(stream.write("ping"));
  EXPECT_EQ(peer.receive(), "ping");
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(TcpConnectTest, shows_hooks_where_it_connects_to) {
  RawListener listener;
  std::optional<SocketAddress> seen;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<TcpSocket::Details>()) {
      EXPECT_FALSE(details->accepted);
      seen = details->remote;
    }
  }});
  hook.enable();
  wait(TcpSocket::connect(listener.address()));
  EXPECT_EQ(seen, listener.address());
}

TEST_F(TcpConnectTest, a_socket_given_up_for_the_next_address_just_goes) {
  several = {SocketAddress("127.0.0.2", 0), SocketAddress("127.0.0.3", 0)};
  std::vector<AsyncId> sockets;
  std::vector<AsyncId> told;
  AsyncHook hook({
      .init =
          [&](const ResourceInfo& made) {
            if (made.type == "TCPWRAP") sockets.push_back(made.async_id);
          },
      .before =
          [&](AsyncId id) {
            if (std::find(sockets.begin(), sockets.end(), id) != sockets.end()) told.push_back(id);
          },
  });
  hook.enable();
  TcpSocket::connect("several.test", DeafPort().address().port(), ignore);
  loop().run();
  EXPECT_EQ(sockets.size(), 2u);
  EXPECT_THAT(told, ::testing::ElementsAre(sockets.back()));
}

TEST_F(TcpConnectTest, shows_hooks_whom_it_accepted) {
  std::optional<SocketAddress> seen;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    auto* details = made.details.as<TcpSocket::Details>();
    if (details && details->accepted) seen = details->remote;
  }});
  hook.enable();
  auto [client, server] = connected_ends();
  EXPECT_EQ(seen, client.local_address());
}

TEST_F(TcpConnectTest, shows_hooks_where_it_listens) {
  std::optional<SocketAddress> seen;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<TcpServer::Details>()) seen = details->local;
  }});
  hook.enable();
  TcpServer server;
  server.listen(SocketAddress::loopback());
  EXPECT_EQ(seen, SocketAddress::loopback());
}

TEST_F(TcpConnectTest, its_details_are_there_while_it_runs) {
  auto [socket, peer] = connected_to_peer();
  std::string seen;
  socket.on_data([&](auto) {
    seen = execution_async_resource().details.as<TcpSocket::Details>()->remote.to_string();
  });
  peer.send("ping");
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, socket.remote_address().to_string());
}

}  // namespace
}  // namespace contrail
