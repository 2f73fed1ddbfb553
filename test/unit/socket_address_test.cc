#include "contrail/socket_address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "contrail/error.h"

namespace contrail {
namespace {

/// What is refused, and who does more.
std::string refusal_naming(std::string_view subject) {
  return fmt::format(
      "SocketAddress {}: EINVAL: no literal IP address; TcpSocket::connect(host, port) looks names "
      "up",
      subject);
}

std::string refusal_of(std::string_view ip) {
  try {
    SocketAddress address(ip, 80);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(SocketAddress, is_any_address_and_port_by_default) {
  EXPECT_EQ(SocketAddress().to_string(), "0.0.0.0:0");
  EXPECT_EQ(SocketAddress(), SocketAddress::any());
}

TEST(SocketAddress, reads_an_ipv4_literal) {
  const SocketAddress address("192.0.2.7", 8080);
  EXPECT_EQ(address.ip(), "192.0.2.7");
  EXPECT_EQ(address.port(), 8080);
  EXPECT_FALSE(address.is_ipv6());
}

TEST(SocketAddress, reads_an_ipv6_literal) {
  const SocketAddress address("2001:db8::7", 65535);
  EXPECT_EQ(address.ip(), "2001:db8::7");
  EXPECT_EQ(address.port(), 65535);
  EXPECT_TRUE(address.is_ipv6());
}

TEST(SocketAddress, prints_ipv6_in_brackets) {
  EXPECT_EQ(fmt::format("{}", SocketAddress("::1", 80)), "[::1]:80");
  EXPECT_EQ(fmt::format("{:>14}", SocketAddress::loopback(80)), "  127.0.0.1:80");
}

TEST(SocketAddress, prints_the_shortest_form) {
  EXPECT_EQ(SocketAddress("0:0:0:0:0:0:0:1", 80), SocketAddress("::1", 80));
}

TEST(SocketAddress, keeps_the_interface_of_a_link_local_address) {
  const SocketAddress address("fe80::1%lo", 80);
  EXPECT_EQ(address.to_string(), "[fe80::1%lo]:80");
  EXPECT_NE(address, SocketAddress("fe80::1", 80));
}

TEST(SocketAddress, refuses_an_interface_that_does_not_exist) {
  EXPECT_EQ(refusal_of("fe80::1%nowhere9"), refusal_naming("fe80::1%nowhere9"));
}

TEST(SocketAddress, refuses_what_is_no_literal) {
  for (std::string_view text :
       {"localhost", "1.2.3", "256.0.0.1", "1.2.3.4.5", " 127.0.0.1", "127.0.0.1 ", "127.0.0.1:80",
        "[::1]", "::1::", "1:2", "%lo", "::g", "0000:0000:0000:0000:0000:0000:0000:0001x%lo"}) {
    EXPECT_EQ(refusal_of(text), refusal_naming(text));
  }
}

TEST(SocketAddress, refuses_nothing) { EXPECT_EQ(refusal_of(""), refusal_naming("\"\"")); }

TEST(SocketAddress, refuses_a_literal_with_a_nul_in_it) {
  EXPECT_EQ(refusal_of(std::string_view("127.0.0.1\0x", 11)), refusal_naming("127.0.0.1"));
}

TEST(SocketAddress, is_equal_only_if_address_and_port_are) {
  EXPECT_EQ(SocketAddress("127.0.0.1", 80), SocketAddress::loopback(80));
  EXPECT_NE(SocketAddress::loopback(81), SocketAddress::loopback(80));
  EXPECT_NE(SocketAddress::any(80), SocketAddress::loopback(80));
  EXPECT_NE(SocketAddress("::", 80), SocketAddress::any(80));
}

TEST(SocketAddress, copies_what_the_system_has) {
  const SocketAddress v4 = SocketAddress::loopback(80);
  const SocketAddress v6("fe80::1%lo", 80);
  EXPECT_EQ(SocketAddress::from(v4.native()), v4);
  EXPECT_EQ(SocketAddress::from(v6.native()), v6);
}

TEST(SocketAddress, ignores_what_the_system_leaves_undefined) {
  sockaddr_in address;
  std::memset(&address, 0xff, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(SocketAddress::from(reinterpret_cast<const sockaddr*>(&address)),
            SocketAddress::loopback(80));
}

TEST(SocketAddress, refuses_other_families) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  try {
    SocketAddress::from(reinterpret_cast<const sockaddr*>(&address));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.name(), "EAFNOSUPPORT");
  }
}

}  // namespace
}  // namespace contrail
