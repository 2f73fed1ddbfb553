#pragma once

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "contrail/detail/export.h"

struct sockaddr;

namespace contrail::inline v0 {

/// An IPv4 or IPv6 address and a port: a value. Printed as "127.0.0.1:80" or "[::1]:80".
class CONTRAIL_API SocketAddress {
 public:
  /// 0.0.0.0:0.
  SocketAddress() noexcept;
  /// Reads a literal such as "127.0.0.1", "::1" or "fe80::1%eth0"; never asks the network:
  /// TcpSocket::connect(host, port) does. Throws Error (EINVAL) naming what it could not read.
  SocketAddress(std::string_view ip, std::uint16_t port);

  static SocketAddress loopback(std::uint16_t port = 0) { return {"127.0.0.1", port}; }
  static SocketAddress any(std::uint16_t port = 0) { return {"0.0.0.0", port}; }
  /// From what the system uses; copies it. Throws Error (EAFNOSUPPORT) unless it is IPv4 or IPv6.
  static SocketAddress from(const sockaddr* address);

  std::string ip() const;
  std::uint16_t port() const noexcept;
  bool is_ipv6() const noexcept;
  std::string to_string() const;
  /// For calls of the system.
  const sockaddr* native() const noexcept;

  friend bool operator==(const SocketAddress&, const SocketAddress&) noexcept = default;

 private:
  /// A sockaddr_in or, the larger, a sockaddr_in6; the rest is zero.
  alignas(std::uint64_t) std::array<std::byte, 32> storage_ = {};
};

}  // namespace contrail::inline v0

template <>
struct fmt::formatter<contrail::SocketAddress> : fmt::formatter<std::string_view> {
  auto format(const contrail::SocketAddress& address, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(address.to_string(), context);
  }
};
