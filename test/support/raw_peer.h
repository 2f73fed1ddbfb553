#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <string_view>
#include <utility>

#include "contrail/socket_address.h"

namespace contrail {

/// A plain, blocking socket: a peer that does nothing behind the test's back, and things that
/// contrail's own sockets would not do.
class RawPeer {
 public:
  explicit RawPeer(int descriptor) noexcept : descriptor_(descriptor) {}
  RawPeer(RawPeer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  RawPeer& operator=(RawPeer&&) = delete;
  ~RawPeer() { close(); }

  static RawPeer connect(const SocketAddress& to) {
    RawPeer peer(::socket(family_of(to), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(peer.descriptor_, to.native(), size_of(to)) < 0) peer.close();
    return peer;
  }

  bool connected() const noexcept { return descriptor_ >= 0; }
  void send(std::string_view text) { ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL); }
  void end() { ::shutdown(descriptor_, SHUT_WR); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  /// Makes the system send a reset instead of an end.
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }
  /// The next bytes, at most so many; empty at the end.
  std::string receive(std::size_t size_max = 64 * 1024) {
    std::string text(size_max, '\0');
    const ssize_t size = ::recv(descriptor_, text.data(), text.size(), 0);
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }
  std::string receive_all() {
    std::string all;
    for (std::string next = receive(); !next.empty(); next = receive()) all += next;
    return all;
  }

  static int family_of(const SocketAddress& address) {
    return address.is_ipv6() ? AF_INET6 : AF_INET;
  }
  static socklen_t size_of(const SocketAddress& address) { return address.is_ipv6() ? 28 : 16; }

 private:
  int descriptor_;
};

/// Listens on loopback. The system connects to it whether or not accept() is called.
class RawListener {
 public:
  explicit RawListener(const SocketAddress& at = SocketAddress::loopback())
      : descriptor_(::socket(RawPeer::family_of(at), SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    listening_ = ::bind(descriptor_, at.native(), RawPeer::size_of(at)) == 0 &&
                 ::listen(descriptor_, 16) == 0;
  }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;
  ~RawListener() { ::close(descriptor_); }

  bool listening() const noexcept { return listening_; }
  RawPeer accept() { return RawPeer(::accept(descriptor_, nullptr, nullptr)); }
  SocketAddress address() const {
    sockaddr_storage name;
    socklen_t size = sizeof name;
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&name), &size);
    return SocketAddress::from(reinterpret_cast<const sockaddr*>(&name));
  }

 private:
  int descriptor_;
  bool listening_ = false;
};

/// Where nobody listens, for as long as it exists: bound, so that nobody else can come to.
class DeafPort {
 public:
  DeafPort() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const SocketAddress any_port = SocketAddress::loopback();
    ::bind(descriptor_, any_port.native(), RawPeer::size_of(any_port));
  }
  DeafPort(const DeafPort&) = delete;
  DeafPort& operator=(const DeafPort&) = delete;
  ~DeafPort() { ::close(descriptor_); }

  SocketAddress address() const {
    sockaddr_storage name;
    socklen_t size = sizeof name;
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&name), &size);
    return SocketAddress::from(reinterpret_cast<const sockaddr*>(&name));
  }

 private:
  int descriptor_;
};

}  // namespace contrail
