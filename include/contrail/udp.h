#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/result.h"
#include "contrail/socket_address.h"
#include "contrail/stream.h"

namespace contrail::inline v0 {

/// One message, as it was sent: whole, unless there was no room for all of it.
struct Datagram {
  std::span<const std::byte> bytes;  ///< May be empty.
  SocketAddress from;
  bool truncated = false;  ///< It was longer than the place for it: the rest is lost.
};

/// A UDP socket: sends and receives datagrams, which may get lost, doubled or out of order. Closes
/// when it goes out of scope, also inside its own callback; what is in flight then fails with
/// ECANCELED.
///
///     UdpSocket socket;
///     socket.bind(SocketAddress::loopback());
///     socket.on_message([&](Result<Datagram> message) {
///       if (message) socket.send(as_text(message->bytes), message->from, [](auto) {});
///     });
///
/// Hooks see UDPWRAP for the socket, whose callback runs once per datagram and in the context in
/// which it was made; and an UDPSENDWRAP, triggered by it, for each send that the system could not
/// take at once.
///
/// What it is told to do, as opposed to what it waits for, is done or throws Error. Options need a
/// socket that is bound: they throw EBADF before, and after close().
///
/// It keeps Loop::run() from returning while it receives or sends. Moved-from, it is empty: `if
/// (socket)` tells; using it ends the process with a sentence.
class CONTRAIL_API UdpSocket {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    std::optional<SocketAddress> local;   ///< Once bound.
    std::optional<SocketAddress> remote;  ///< While connected.
  };

  struct BindOptions {
    /// Several sockets may have the address: each gets the datagrams for a multicast group, and the
    /// last one bound all others.
    bool reuse_address = false;
    bool ipv6_only = false;  ///< Of an IPv6 address: no IPv4 beside it.
  };

  explicit UdpSocket(CreationSite site = CreationSite::current());
  UdpSocket(UdpSocket&&) noexcept;
  UdpSocket& operator=(UdpSocket&&) noexcept;
  ~UdpSocket();

  // --- Addresses. A socket that sends, connects or joins a group before it is bound gets a port of
  // the system's choice, at all addresses.

  /// Once only (EALREADY). After a failure another address of the same kind may be tried.
  UdpSocket& bind(const SocketAddress& local, BindOptions options);
  UdpSocket& bind(const SocketAddress& local) { return bind(local, {}); }
  /// Where it is bound. Throws EBADF if it is not.
  SocketAddress address() const;

  /// From here on it sends to nobody else and hears nobody else; and it hears of ECONNREFUSED, if
  /// nobody is there. Throws EISCONN if it is connected.
  UdpSocket& connect(const SocketAddress& to);
  /// Throws ENOTCONN if it is not connected. A port of the system's choice is lost with it: the
  /// socket is bound no more, and what it does next gets it another one.
  UdpSocket& disconnect();
  /// Throws ENOTCONN if it is not connected.
  SocketAddress remote_address() const;

  // --- Sending. The system takes a datagram as a whole, or not at all: it fails with EMSGSIZE if
  // it is too long for it, beyond 65507 bytes for IPv4. Only data that cannot be sent at once is
  // copied.

  /// Resolves when the system has taken it, which says nothing of its arrival. EISCONN if the
  /// socket is connected.
  Promise<void> send(std::string_view data, const SocketAddress& to, std::stop_token stop = {},
                     CreationSite site = CreationSite::current());
  /// The same; fn runs in a tick, triggered by the socket, if the system took it at once.
  void send(std::string_view data, const SocketAddress& to, Callback<void> fn,
            CreationSite site = CreationSite::current());
  /// To the address it is connected to; EDESTADDRREQ if it is not.
  Promise<void> send(std::string_view data, std::stop_token stop = {},
                     CreationSite site = CreationSite::current());
  void send(std::string_view data, Callback<void> fn, CreationSite site = CreationSite::current());
  /// Bytes and datagrams that the system has not taken yet.
  std::size_t send_queue_size() const noexcept;
  std::size_t send_queue_count() const noexcept;

  // --- Receiving.

  /// Calls fn with every datagram, in the socket's context. Its bytes are valid during the call. An
  /// Error, such as ECONNREFUSED, says that an earlier send has failed; the socket goes on. An
  /// empty fn stops it. A receive() that waits already comes first.
  void on_message(Function<void(Result<Datagram>)> fn);
  /// The next datagram, written into buffer, which must live until then and may not be empty
  /// (EINVAL). One at a time, and none while on_message() listens: EBUSY. Between two of them the
  /// system keeps what arrives, as long as it has room.
  Promise<Datagram> receive(std::span<std::byte> buffer, std::stop_token stop = {},
                            CreationSite site = CreationSite::current());

  // --- Options.

  /// Datagrams may go to a broadcast address.
  UdpSocket& set_broadcast(bool on = true);
  /// How many routers a datagram passes at most: 1 to 255.
  UdpSocket& set_ttl(int hops);
  /// The same for multicast: 0 to 255. The system starts with 1.
  UdpSocket& set_multicast_ttl(int hops);
  /// Whether members on this machine get what is sent to a group. They do unless told otherwise.
  UdpSocket& set_multicast_loopback(bool on);
  /// The address of the interface that multicast leaves by; for IPv6 "::%eth0".
  UdpSocket& set_multicast_interface(std::string_view interface);

  /// Joins a multicast group, at one interface or, if that is empty, at one of the system's choice.
  UdpSocket& add_membership(std::string_view group, std::string_view interface = {});
  UdpSocket& drop_membership(std::string_view group, std::string_view interface = {});
  /// The same for what one source sends to the group.
  UdpSocket& add_source_specific_membership(std::string_view source, std::string_view group,
                                            std::string_view interface = {});
  UdpSocket& drop_source_specific_membership(std::string_view source, std::string_view group,
                                             std::string_view interface = {});

  /// Of the system, in bytes: 1 to INT_MAX. It may take another size than it is told; Linux doubles
  /// it.
  UdpSocket& set_receive_buffer_size(std::size_t bytes);
  UdpSocket& set_send_buffer_size(std::size_t bytes);
  std::size_t receive_buffer_size() const;
  std::size_t send_buffer_size() const;

  // --- Life.

  /// An unref'd socket does not keep Loop::run() from returning.
  UdpSocket& ref() noexcept;
  UdpSocket& unref() noexcept;
  bool has_ref() const noexcept;

  /// Called once, when the socket is closed: in a tick, triggered by it, in the context in which it
  /// was closed.
  void on_close(Function<void()> fn);
  /// Now, rather than at the end of the scope. Idempotent.
  void close() noexcept;

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Not closed by us yet.
  bool is_open() const noexcept;
  AsyncId async_id() const noexcept;

  struct State;

 private:
  struct CloseState {
    void operator()(State* state) const noexcept;
  };
  State& state() const;
  std::unique_ptr<State, CloseState> state_;
};

}  // namespace contrail::inline v0
