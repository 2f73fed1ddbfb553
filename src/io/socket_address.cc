#include "contrail/socket_address.h"

#include <net/if.h>
#include <netinet/in.h>
#include <uv.h>

#include <algorithm>
#include <cstring>

#include "contrail/error.h"

namespace contrail::inline v0 {
namespace {

template <class Address>
Address load(const std::array<std::byte, 32>& storage) noexcept {
  static_assert(sizeof(Address) <= sizeof storage);
  Address address;
  std::memcpy(&address, storage.data(), sizeof address);
  return address;
}

template <class Address>
void store(std::array<std::byte, 32>& storage, const Address& address) noexcept {
  storage = {};
  std::memcpy(storage.data(), &address, sizeof address);
}

bool read_ipv6(const std::string& text, std::uint16_t port, sockaddr_in6& address) noexcept {
  // libuv reads too much of an overlong address, and an interface that does not exist as none.
  const std::size_t ip_size = std::min(text.find('%'), text.size());
  if (ip_size >= INET6_ADDRSTRLEN) return false;
  if (uv_ip6_addr(text.substr(0, ip_size).c_str(), port, &address) < 0) return false;
  if (ip_size == text.size()) return true;
  address.sin6_scope_id = ::if_nametoindex(text.c_str() + ip_size + 1);
  return address.sin6_scope_id != 0;
}

}  // namespace

SocketAddress::SocketAddress() noexcept {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  store(storage_, address);
}

SocketAddress::SocketAddress(std::string_view ip, std::uint16_t port) {
  const std::string text(ip);
  const bool has_nul = text.find('\0') != std::string::npos;
  sockaddr_in v4;
  sockaddr_in6 v6;
  if (!has_nul && uv_ip4_addr(text.c_str(), port, &v4) == 0) {
    store(storage_, v4);
  } else if (!has_nul && read_ipv6(text, port, v6)) {
    store(storage_, v6);
  } else {
    throw Error(UV_EINVAL, "SocketAddress", text.empty() ? "\"\"" : text.substr(0, text.find('\0')),
                "no literal IP address; TcpSocket::connect(host, port) looks names up");
  }
}

SocketAddress SocketAddress::from(const sockaddr* address) {
  SocketAddress result;
  switch (address->sa_family) {
    case AF_INET: {
      sockaddr_in v4;
      std::memcpy(&v4, address, sizeof v4);
      std::memset(v4.sin_zero, 0, sizeof v4.sin_zero);
      store(result.storage_, v4);
      return result;
    }
    case AF_INET6: {
      sockaddr_in6 v6;
      std::memcpy(&v6, address, sizeof v6);
      store(result.storage_, v6);
      return result;
    }
    default: throw Error(UV_EAFNOSUPPORT, "SocketAddress");
  }
}

bool SocketAddress::is_ipv6() const noexcept {
  return load<sockaddr_in>(storage_).sin_family == AF_INET6;
}

std::uint16_t SocketAddress::port() const noexcept {
  // At the same place in both.
  return ntohs(load<sockaddr_in>(storage_).sin_port);
}

std::string SocketAddress::ip() const {
  char text[64] = {};
  if (is_ipv6()) {
    const auto address = load<sockaddr_in6>(storage_);
    uv_ip6_name(&address, text, sizeof text);
    char interface[IF_NAMESIZE];
    if (address.sin6_scope_id && ::if_indextoname(address.sin6_scope_id, interface)) {
      return fmt::format("{}%{}", text, interface);
    }
  } else {
    const auto address = load<sockaddr_in>(storage_);
    uv_ip4_name(&address, text, sizeof text);
  }
  return text;
}

std::string SocketAddress::to_string() const {
  return is_ipv6() ? fmt::format("[{}]:{}", ip(), port()) : fmt::format("{}:{}", ip(), port());
}

const sockaddr* SocketAddress::native() const noexcept {
  return reinterpret_cast<const sockaddr*>(storage_.data());
}

}  // namespace contrail::inline v0
