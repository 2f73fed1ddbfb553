#include "src/io/udp_state.h"
#include "src/loop/callback_scope.h"

namespace contrail::inline v0 {

void UdpSocket::State::set_on_message(Function<void(Result<Datagram>)> fn) {
  listener_.set(std::move(fn));
  update_receiving();
}

Promise<Datagram> UdpSocket::State::receive(std::span<std::byte> buffer, std::stop_token stop,
                                            CreationSite site) {
  const bool busy = pending_receive_ || listener_;
  const int refusal = stop.stop_requested() ? UV_ECANCELED
                      : !is_open()          ? UV_EBADF
                      : busy                ? UV_EBUSY
                      : buffer.empty()      ? UV_EINVAL
                                            : 0;
  if (refusal < 0) return Promise<Datagram>::reject(receive_error(refusal), site);
  auto [promise, resolver] = Promise<Datagram>::with_resolver(site);
  pending_receive_ = PendingReceive{buffer, std::move(resolver)};
  update_receiving();
  detail::state_of(promise)->settled_by(this);
  if (stop.stop_possible()) {
    detail::cancel_on_stop(*detail::state_of(promise), std::move(stop), "recvmsg", {});
  }
  return std::move(promise);
}

bool UdpSocket::State::cancel() noexcept {
  if (filled_) return true;  // By a hook, just before it is told: the datagram would be lost.
  auto receive = std::exchange(pending_receive_, std::nullopt);
  if (!receive) return false;
  receive->resolver.reject(receive_error(UV_ECANCELED));
  update_receiving();
  return true;
}

Error UdpSocket::State::receive_error(int status) const {
  const auto& subject = details.remote ? details.remote : details.local;
  return Error(status, "recvmsg", subject ? subject->to_string() : "");
}

/// Receives as long as somebody waits for datagrams, once there is an address to send them to:
/// libuv would choose one.
void UdpSocket::State::update_receiving() noexcept {
  const bool wanted = is_open() && details.local && (pending_receive_ || listener_);
  if (wanted == receiving_) return;
  receiving_ = wanted;
  if (!wanted) {
    if (is_open()) uv_udp_recv_stop(&udp);
    return;
  }
  // It fails only for a socket that receives already, or that cannot be bound.
  uv_udp_recv_start(
      &udp,
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        *buffer = owner_of<State>(handle->data).place_for_data();
      },
      [](uv_udp_t* handle, ssize_t count, const uv_buf_t* buffer, const sockaddr* from,
         unsigned flags) {
        owner_of<State>(handle->data).on_receive(count, *buffer, from, flags);
      });
}

uv_buf_t UdpSocket::State::place_for_data() {
  if (pending_receive_) {
    auto wanted = pending_receive_->buffer;
    return {reinterpret_cast<char*>(wanted.data()), wanted.size()};
  }
  auto& shared = loop().read_buffer;
  if (!shared) shared = std::make_unique<detail::ReadBuffer>();
  return {shared->data(), shared->size()};
}

void UdpSocket::State::on_receive(ssize_t count, const uv_buf_t& buffer, const sockaddr* from,
                                  unsigned flags) {
  if (count == 0 && !from) return;  // libuv says: nothing more. A datagram may be empty.
  filled_ = count >= 0 && pending_receive_;
  detail::run_callback(resource, [&] {
    if (count < 0) return deliver(receive_error(static_cast<int>(count)));
    const auto* bytes = reinterpret_cast<const std::byte*>(buffer.base);
    deliver(Datagram{.bytes = std::span(bytes, static_cast<std::size_t>(count)),
                     .from = SocketAddress::from(from),
                     .truncated = (flags & UV_UDP_PARTIAL) != 0});
  });
  update_receiving();  // After the drain: who awaited this one may be waiting for the next.
}

void UdpSocket::State::deliver(Result<Datagram>&& message) {
  if (!is_open()) return;  // A hook has closed it.
  // Not what a hook has begun in place of on_message(): this datagram is elsewhere.
  if (pending_receive_ && (std::exchange(filled_, false) || !message)) {
    Resolver<Datagram> resolver = std::move(pending_receive_->resolver);
    pending_receive_.reset();
    return resolver.settle(std::move(message));
  }
  listener_.call(std::move(message));
}

void UdpSocket::State::closed() noexcept {
  detail::CallbackScope scope;
  if (pending_receive_) pending_receive_->resolver.reject(receive_error(UV_ECANCELED));
  pending_receive_.reset();
  listener_.set({});
  on_close = nullptr;
  resource.emit_destroy();
  resource.release_context();
}

void UdpSocket::on_message(Function<void(Result<Datagram>)> fn) {
  state().set_on_message(std::move(fn));
}

Promise<Datagram> UdpSocket::receive(std::span<std::byte> buffer, std::stop_token stop,
                                     CreationSite site) {
  return state().receive(buffer, std::move(stop), site);
}

}  // namespace contrail::inline v0
