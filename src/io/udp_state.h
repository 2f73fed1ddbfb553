#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contrail/async_resource.h"
#include "contrail/error.h"
#include "contrail/udp.h"
#include "src/io/listener.h"
#include "src/io/promised.h"
#include "src/loop/handle.h"

namespace contrail::inline v0 {

struct UdpSocket::State final : detail::HandleState, detail::Cancellable {
  explicit State(CreationSite site);

  void bind(const SocketAddress& local, const BindOptions& options);
  void connect(const SocketAddress& to);
  void disconnect();
  SocketAddress address() const;
  /// Asks the system where the socket is by now: sending, too, binds it.
  void find_out_address() noexcept;

  void send(std::string_view data, const SocketAddress* to, Callback<void>&& fn, CreationSite site);
  Promise<void> send(std::string_view data, const SocketAddress* to, std::stop_token stop,
                     CreationSite site);

  void set_on_message(Function<void(Result<Datagram>)> fn);
  Promise<Datagram> receive(std::span<std::byte> buffer, std::stop_token stop, CreationSite site);
  /// Of the receive() that waits.
  bool cancel() noexcept override;
  void update_receiving() noexcept;

  /// Does what is not waited for: call() is libuv's, and its status is thrown if it is an error.
  template <class Call>
  void must(std::string_view verb, const std::string& subject, Call call) const {
    const int status = is_open() ? call() : UV_EBADF;
    if (status < 0) throw_error(status, verb, subject);
  }
  [[noreturn]] void throw_error(int status, std::string_view verb,
                                const std::string& subject) const;

  void tell_of_closing() noexcept;
  uv_handle_t* handle() noexcept { return reinterpret_cast<uv_handle_t*>(&udp); }
  const char* name() const noexcept override { return "UdpSocket"; }
  const AsyncResource* about() const noexcept override { return &resource; }

  uv_udp_t udp{};
  Function<void()> on_close;
  Details details;
  AsyncResource resource;

 private:
  struct PendingReceive {
    std::span<std::byte> buffer;
    Resolver<Datagram> resolver;
  };

  void closed() noexcept override;
  void end() noexcept override {
    tell_of_closing();
    close();
  }
  uv_buf_t place_for_data();
  void on_receive(ssize_t count, const uv_buf_t& buffer, const sockaddr* from, unsigned flags);
  void deliver(Result<Datagram>&& message);
  Error receive_error(int status) const;
  int send_now(std::string_view data, const SocketAddress* to);
  int queue_send(std::string_view data, const SocketAddress* to, Callback<void>& fn,
                 CreationSite site);
  Error send_error(int status, const SocketAddress* to) const;

  detail::Listener<Result<Datagram>> listener_;
  std::optional<PendingReceive> pending_receive_;
  bool receiving_ = false;
  bool filled_ = false;  ///< What has come is in the buffer of the receive() that waits.
};

}  // namespace contrail::inline v0
