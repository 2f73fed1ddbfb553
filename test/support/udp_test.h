#pragma once

#include <string>
#include <vector>

#include "contrail/udp.h"
#include "tcp_test.h"

namespace contrail {

/// Whether the system can take no datagram now: on loopback it always can. See udp_test.cc.
extern bool system_is_busy;

/// Sockets on loopback, where the system delivers at once.
class UdpTest : public TcpTest {
 protected:
  static UdpSocket bound() {
    UdpSocket socket;
    socket.bind(SocketAddress::loopback());
    return socket;
  }
  /// What the socket receives is in `messages` from here on.
  void collect(UdpSocket& socket) {
    socket.on_message([this](Result<Datagram> message) {
      messages.emplace_back(message ? as_text(message->bytes) : message.error().name());
    });
  }
  /// What fn throws, as text; empty if it throws nothing.
  template <class F>
  static std::string error_of(F fn) {
    try {
      fn();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  std::vector<std::string> messages;
};

}  // namespace contrail
