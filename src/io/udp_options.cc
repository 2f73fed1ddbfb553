#include <climits>

#include "src/io/udp_state.h"

namespace contrail::inline v0 {
namespace {

/// The text of a literal address, as libuv reads it.
std::string literal(std::string_view verb, std::string_view text) {
  try {
    return SocketAddress(text, 0).ip();
  } catch (const Error& error) {
    throw Error(UV_EINVAL, verb, error.subject(), "no literal IP address");
  }
}

/// Of the membership in a group, at an interface if there is one.
struct Membership {
  Membership(std::string_view verb, std::string_view its_group, std::string_view its_interface)
      : group(literal(verb, its_group)),
        interface(its_interface.empty() ? "" : literal(verb, its_interface)) {}

  const char* interface_or_null() const { return interface.empty() ? nullptr : interface.c_str(); }

  std::string group;
  std::string interface;
};

using SizeCall = int (*)(uv_handle_t*, int*);

std::size_t buffer_size(UdpSocket::State& socket, std::string_view verb, SizeCall call) {
  int size = 0;  // Asks.
  socket.must(verb, {}, [&] { return call(socket.handle(), &size); });
  return static_cast<std::size_t>(size);
}

void set_buffer_size(UdpSocket::State& socket, std::string_view verb, SizeCall call,
                     std::size_t bytes) {
  int size = bytes > INT_MAX ? 0 : static_cast<int>(bytes);
  socket.must(verb, std::to_string(bytes), [&]() -> int {
    return size > 0 ? call(socket.handle(), &size) : static_cast<int>(UV_EINVAL);
  });
}

void set_membership(UdpSocket::State& socket, std::string_view verb, const Membership& membership,
                    uv_membership change) {
  socket.must(verb, membership.group, [&] {
    return uv_udp_set_membership(&socket.udp, membership.group.c_str(),
                                 membership.interface_or_null(), change);
  });
  socket.find_out_address();
}

void set_membership(UdpSocket::State& socket, std::string_view verb, const Membership& membership,
                    const std::string& source, uv_membership change) {
  socket.must(verb, source + " -> " + membership.group, [&] {
    return uv_udp_set_source_membership(&socket.udp, membership.group.c_str(),
                                        membership.interface_or_null(), source.c_str(), change);
  });
  socket.find_out_address();
}

}  // namespace

UdpSocket& UdpSocket::set_broadcast(bool on) {
  State& socket = state();
  socket.must("set_broadcast", {}, [&] { return uv_udp_set_broadcast(&socket.udp, on); });
  return *this;
}

UdpSocket& UdpSocket::set_ttl(int hops) {
  State& socket = state();
  socket.must("set_ttl", std::to_string(hops), [&] { return uv_udp_set_ttl(&socket.udp, hops); });
  return *this;
}

UdpSocket& UdpSocket::set_multicast_ttl(int hops) {
  State& socket = state();
  const bool possible = 0 <= hops && hops <= 255;  // The system would take -1 for its default.
  socket.must("set_multicast_ttl", std::to_string(hops), [&]() -> int {
    return possible ? uv_udp_set_multicast_ttl(&socket.udp, hops) : static_cast<int>(UV_EINVAL);
  });
  return *this;
}

UdpSocket& UdpSocket::set_multicast_loopback(bool on) {
  State& socket = state();
  socket.must("set_multicast_loopback", {},
              [&] { return uv_udp_set_multicast_loop(&socket.udp, on); });
  return *this;
}

UdpSocket& UdpSocket::set_multicast_interface(std::string_view interface) {
  State& socket = state();
  const std::string address = literal("set_multicast_interface", interface);
  socket.must("set_multicast_interface", address,
              [&] { return uv_udp_set_multicast_interface(&socket.udp, address.c_str()); });
  return *this;
}

UdpSocket& UdpSocket::add_membership(std::string_view group, std::string_view interface) {
  constexpr std::string_view verb = "add_membership";
  set_membership(state(), verb, Membership(verb, group, interface), UV_JOIN_GROUP);
  return *this;
}

UdpSocket& UdpSocket::drop_membership(std::string_view group, std::string_view interface) {
  constexpr std::string_view verb = "drop_membership";
  set_membership(state(), verb, Membership(verb, group, interface), UV_LEAVE_GROUP);
  return *this;
}

UdpSocket& UdpSocket::add_source_specific_membership(std::string_view source,
                                                     std::string_view group,
                                                     std::string_view interface) {
  constexpr std::string_view verb = "add_source_specific_membership";
  set_membership(state(), verb, Membership(verb, group, interface), literal(verb, source),
                 UV_JOIN_GROUP);
  return *this;
}

UdpSocket& UdpSocket::drop_source_specific_membership(std::string_view source,
                                                      std::string_view group,
                                                      std::string_view interface) {
  constexpr std::string_view verb = "drop_source_specific_membership";
  set_membership(state(), verb, Membership(verb, group, interface), literal(verb, source),
                 UV_LEAVE_GROUP);
  return *this;
}

UdpSocket& UdpSocket::set_receive_buffer_size(std::size_t bytes) {
  set_buffer_size(state(), "set_receive_buffer_size", uv_recv_buffer_size, bytes);
  return *this;
}

UdpSocket& UdpSocket::set_send_buffer_size(std::size_t bytes) {
  set_buffer_size(state(), "set_send_buffer_size", uv_send_buffer_size, bytes);
  return *this;
}

std::size_t UdpSocket::receive_buffer_size() const {
  return buffer_size(state(), "receive_buffer_size", uv_recv_buffer_size);
}

std::size_t UdpSocket::send_buffer_size() const {
  return buffer_size(state(), "send_buffer_size", uv_send_buffer_size);
}

}  // namespace contrail::inline v0
