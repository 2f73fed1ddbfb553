#include <algorithm>
#include <climits>
#include <memory>

#include "src/io/tell_in_tick.h"
#include "src/io/udp_state.h"
#include "src/loop/request.h"

namespace contrail::inline v0 {
namespace {

constexpr int in_flight = 1;

/// A datagram that the system could not take at once.
struct SendRequest final : detail::RequestState<uv_udp_send_t> {
  SendRequest(std::string_view bytes, std::string receiver, Callback<void> callback, AsyncId socket,
              CreationSite site)
      : data(bytes),
        subject(std::move(receiver)),
        fn(std::move(callback)),
        resource(resource_types::udp_send, {.trigger_async_id = socket}, site) {}

  static void on_sent(uv_udp_send_t* done, int status) {
    auto self = take<SendRequest>(done);
    // libuv may find out only by trying.
    if (status == UV_EBADF && uv_is_closing(reinterpret_cast<uv_handle_t*>(done->handle))) {
      status = UV_ECANCELED;
    }
    detail::run_callback(self->resource, [&] {
      if (status < 0) return self->fn(Error(status, "send", self->subject));
      self->fn(Result<void>());
    });
  }

  const AsyncResource* about() const noexcept override { return &resource; }

  std::string data;
  std::string subject;
  Callback<void> fn;
  AsyncResource resource;
};

}  // namespace

void UdpSocket::State::send(std::string_view data, const SocketAddress* to, Callback<void>&& fn,
                            CreationSite site) {
  int status = send_now(data, to);
  if (status == UV_EAGAIN) status = queue_send(data, to, fn, site);
  if (status == in_flight) return;
  // As in Node: the system took it, or refused it, at once, and the callback runs in a tick.
  if (status == 0) {
    loop().tasks.add_tick(detail::told_success(std::move(fn)), resource.async_id(), site);
  } else {
    loop().tasks.add_tick(
        [fn = std::move(fn), failure = send_error(status, to)]() mutable { fn(failure); },
        resource.async_id(), site);
  }
}

Promise<void> UdpSocket::State::send(std::string_view data, const SocketAddress* to,
                                     std::stop_token stop, CreationSite site) {
  const int status = stop.stop_requested() ? UV_ECANCELED : send_now(data, to);
  if (status == 0) return Promise<void>::resolve({}, site);
  if (status < 0 && status != UV_EAGAIN) return Promise<void>::reject(send_error(status, to), site);
  return detail::promised<void>({std::move(stop), site, "send"}, [&](Callback<void> fn) {
    const int refused = queue_send(data, to, fn, site);
    if (refused < 0) fn(send_error(refused, to));
  });
}

Error UdpSocket::State::send_error(int status, const SocketAddress* to) const {
  if (!to && details.remote) to = &*details.remote;
  return Error(status, "send", to ? to->to_string() : "");
}

/// How it ended at once: UV_EAGAIN if the system cannot take it now.
int UdpSocket::State::send_now(std::string_view data, const SocketAddress* to) {
  if (!is_open()) return UV_EBADF;
  if (data.size() > INT_MAX) return UV_EMSGSIZE;  // libuv counts in int.
  const uv_buf_t buffer{const_cast<char*>(data.data()), data.size()};
  const int sent = uv_udp_try_send(&udp, &buffer, 1, to ? to->native() : nullptr);
  if (!details.local) find_out_address();
  return std::min(sent, 0);
}

/// in_flight, having taken fn; or why libuv has refused it.
int UdpSocket::State::queue_send(std::string_view data, const SocketAddress* to, Callback<void>& fn,
                                 CreationSite site) {
  const SocketAddress* receiver = to ? to : &*details.remote;
  auto request = std::make_unique<SendRequest>(data, receiver->to_string(), std::move(fn),
                                               resource.async_id(), site);
  const uv_buf_t buffer{request->data.data(), request->data.size()};
  const int status = SendRequest::submit(request, [&](uv_udp_send_t* submitted) {
    return uv_udp_send(submitted, &udp, &buffer, 1, to ? to->native() : nullptr,
                       SendRequest::on_sent);
  });
  if (status >= 0) return in_flight;
  fn = std::move(request->fn);
  return status;
}

Promise<void> UdpSocket::send(std::string_view data, const SocketAddress& to, std::stop_token stop,
                              CreationSite site) {
  return state().send(data, &to, std::move(stop), site);
}

void UdpSocket::send(std::string_view data, const SocketAddress& to, Callback<void> fn,
                     CreationSite site) {
  state().send(data, &to, std::move(fn), site);
}

Promise<void> UdpSocket::send(std::string_view data, std::stop_token stop, CreationSite site) {
  return state().send(data, nullptr, std::move(stop), site);
}

void UdpSocket::send(std::string_view data, Callback<void> fn, CreationSite site) {
  state().send(data, nullptr, std::move(fn), site);
}

std::size_t UdpSocket::send_queue_size() const noexcept {
  return uv_udp_get_send_queue_size(&state().udp);
}

std::size_t UdpSocket::send_queue_count() const noexcept {
  return uv_udp_get_send_queue_count(&state().udp);
}

}  // namespace contrail::inline v0
