// The half of a stream that sends: writes, back-pressure, shutdown.

#include <array>
#include <memory>
#include <span>

#include "src/io/promised.h"
#include "src/io/stream_state.h"
#include "src/io/tell_in_tick.h"
#include "src/io/tell_later.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {
namespace {

constexpr int in_flight = 1;

using Parts = std::vector<std::string>;

StreamState& of(void* data) { return *static_cast<StreamState*>(static_cast<HandleState*>(data)); }

std::array<uv_buf_t, 1> buffers_of(std::string& text) { return {{{text.data(), text.size()}}}; }

std::array<uv_buf_t, 1> buffers_of(const WriteData& data) {
  const std::string_view text = data.view();
  return {{{const_cast<char*>(text.data()), text.size()}}};  // libuv does not write to it.
}

std::vector<uv_buf_t> buffers_of(Parts& parts) {
  std::vector<uv_buf_t> buffers;
  buffers.reserve(parts.size() + 1);
  for (std::string& part : parts) {
    if (!part.empty()) buffers.push_back({part.data(), part.size()});
  }
  if (buffers.empty()) buffers.push_back({nullptr, 0});  // libuv wants at least one.
  return buffers;
}

std::size_t size_of(std::span<const uv_buf_t> buffers) {
  std::size_t size = 0;
  for (const uv_buf_t& buffer : buffers) size += buffer.len;
  return size;
}

/// What is left of them after the first so many bytes, which are fewer than there are, unless
/// there are none.
std::span<uv_buf_t> after(std::span<uv_buf_t> buffers, std::size_t written) {
  while (written > 0 && written >= buffers.front().len) {
    written -= buffers.front().len;
    buffers = buffers.subspan(1);
  }
  if (!buffers.empty()) {
    buffers.front().base += written;
    buffers.front().len -= written;
  }
  return buffers;
}

/// What is sent later: all of it, or without what is sent already.
std::string keep(WriteData&& data, std::size_t& written) {
  if (data.is_kept()) return data.take();
  return std::string(data.view().substr(std::exchange(written, 0)));
}
Parts keep(Parts&& parts, std::size_t&) { return std::move(parts); }

}  // namespace

/// Hooks hear of it once libuv has it: what they write then comes after it.
struct StreamState::WriteRequest : RequestState<uv_write_t> {
  void announce(StreamState& on, Callback<void> callback, CreationSite site) {
    resource.emplace(resource_types::write, ResourceOptions{.trigger = &on.resource()}, site);
    fn = std::move(callback);
  }
  const AsyncResource* about() const noexcept override { return resource ? &*resource : nullptr; }

  static void on_written(uv_write_t* request, int status) {
    const auto self = take<WriteRequest>(request);
    self->finished();
    StreamState& on = of(request->handle->data);
    CallbackScope scope;
    const auto tell = [&] { on.wrote(status, self->fn); };
    // There was no memory to announce it, which write() has thrown.
    if (!self->resource) return scope.call(tell);
    scope.call(*self->resource, tell);
  }
  /// Ahead of the callback.
  virtual void finished() noexcept {}

  Callback<void> fn;
  std::optional<AsyncResource> resource;
};

namespace {

template <class Data>
struct WriteOf : StreamState::WriteRequest {
  explicit WriteOf(Data&& kept) : data(std::move(kept)) {}
  Data data;
};

/// A write that a stream goes along with.
struct SendRequest : WriteOf<std::string> {
  SendRequest(std::string bytes, StreamHandle stream)
      : WriteOf(std::move(bytes)), along(std::move(stream)) {}
  void finished() noexcept override { along = nullptr; }  // Closes before the caller hears.

  StreamHandle along;
};

struct ShutdownRequest : RequestState<uv_shutdown_t> {
  ShutdownRequest(Callback<void> callback, StreamState& on, CreationSite site)
      : fn(std::move(callback)),
        resource(resource_types::shutdown, {.trigger = &on.resource()}, site) {}

  const AsyncResource* about() const noexcept override { return &resource; }

  Callback<void> fn;
  AsyncResource resource;
};

Result<void> outcome(const StreamState& on, int status, std::string_view syscall) {
  if (status < 0) return on.error(status, syscall);
  return {};
}

}  // namespace

template <class Data>
void StreamState::write(Data&& data, Callback<void> fn, CreationSite site) {
  const Sent sent = send_now(std::move(data));
  if (sent.rest) return sent.rest->announce(*this, std::move(fn), site);
  if (sent.status < 0) return tell_later(std::move(fn), error(sent.status, "write"), site);
  // As in Node: the system took it at once, and the callback runs in a tick.
  loop().tasks.add_tick(told_success(std::move(fn)), site);
}
template void StreamState::write(WriteData&&, Callback<void>, CreationSite);
template void StreamState::write(Parts&&, Callback<void>, CreationSite);

template <class Data>
Promise<void> StreamState::write(Data&& data, std::stop_token stop, CreationSite site) {
  if (stop.stop_requested()) {
    return Promise<void>::reject(error(UV_ECANCELED, "write"), site);
  }
  const Sent sent = send_now(std::move(data));
  if (sent.status < 0) return Promise<void>::reject(error(sent.status, "write"), site);
  if (!sent.rest) return Promise<void>::resolve({}, site);
  // Not promised(), which looks at the token once more: half of it is on its way.
  auto [promise, resolver] = Promise<void>::with_resolver(site);
  sent.rest->announce(*this, Settle<void>{std::move(resolver)}, site);
  if (stop.stop_possible()) {
    cancel_on_stop(*state_of(promise), std::move(stop), "write", subject());
  }
  return std::move(promise);
}
template Promise<void> StreamState::write(WriteData&&, std::stop_token, CreationSite);
template Promise<void> StreamState::write(Parts&&, std::stop_token, CreationSite);

template <class Data>
StreamState::Sent StreamState::send_now(Data&& data) {
  std::size_t written = 0;
  const int status = write_now(data, written);
  if (status != in_flight) return {status, nullptr};
  return write_rest(std::move(data), written);
}

/// How it ended at once; or in_flight, if there is something left to be sent.
template <class Data>
int StreamState::write_now(Data& data, std::size_t& written) {
  if (!is_open()) return UV_EBADF;
  if (!uv_is_writable(stream())) return UV_EPIPE;
  auto buffers = buffers_of(data);
  const std::size_t size = size_of(buffers);
  // While there is one in flight the others line up: they also finish in their order.
  if (size > 0 && writes_in_flight_ == 0) {
    const auto parts = static_cast<unsigned>(buffers.size());
    const int count = uv_try_write(stream(), buffers.data(), parts);
    if (count < 0 && count != UV_EAGAIN) return count;
    written = count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  return written == size && writes_in_flight_ == 0 ? 0 : in_flight;
}

template <class Data>
StreamState::Sent StreamState::write_rest(Data&& data, std::size_t written) {
  auto kept = keep(std::move(data), written);
  auto request = std::make_unique<WriteOf<decltype(kept)>>(std::move(kept));
  auto buffers = buffers_of(request->data);
  const std::span<uv_buf_t> rest = after(buffers, written);
  return hand_over(std::move(request), [&](uv_write_t* submitted) {
    const auto parts = static_cast<unsigned>(rest.size());
    return uv_write(submitted, stream(), rest.data(), parts, WriteRequest::on_written);
  });
}

template <class Start>
StreamState::Sent StreamState::hand_over(std::unique_ptr<WriteRequest> request, Start start) {
  WriteRequest* const submitted = request.get();
  const int status = WriteRequest::submit(request, start);
  if (status < 0) return {status, nullptr};
  wrote_later();
  return {in_flight, submitted};
}

void StreamState::send(std::string data, StreamHandle along, Callback<void> fn, CreationSite site) {
  Sent sent{is_open() ? UV_EINVAL : UV_EBADF, nullptr};
  if (is_open() && !data.empty() && along && along->is_open()) {
    uv_stream_t* const handle = along->stream();
    auto request = std::make_unique<SendRequest>(std::move(data), std::move(along));
    const uv_buf_t bytes{request->data.data(), request->data.size()};
    sent = hand_over(std::move(request), [&](uv_write_t* submitted) {
      return uv_write2(submitted, stream(), &bytes, 1, handle, WriteRequest::on_written);
    });
  }
  if (sent.rest) return sent.rest->announce(*this, std::move(fn), site);
  tell_later(std::move(fn), error(sent.status, "send"), site);
}

void StreamState::wrote_later() noexcept {
  ++writes_in_flight_;
  if (uv_stream_get_write_queue_size(stream()) >= write_high_water_mark) needs_drain = true;
}

/// As in Node, 'drain' comes before the callback of the write that caused it.
void StreamState::wrote(int status, Callback<void>& fn) {
  --writes_in_flight_;
  const std::exception_ptr thrown = catch_from([&] { settle_drained(status); });
  if (fn) fn(outcome(*this, status, "write"));
  if (thrown) std::rethrow_exception(thrown);
}

void StreamState::settle_drained(int status) {
  if (!needs_drain || (status >= 0 && writes_in_flight_ > 0)) return;
  needs_drain = false;
  drained_.settle_all(outcome(*this, status, "write"));
  if (status < 0 || !on_drain || !is_writable()) return;
  const auto fn = on_drain;  // Held here: it may replace or remove itself.
  (*fn)();
}

Promise<void> StreamState::drained(std::stop_token stop, CreationSite site) {
  if (!needs_drain && !stop.stop_requested()) return Promise<void>::resolve(std::monostate(), site);
  return drained_.wait({std::move(stop), site, "drained", subject()});
}

void StreamState::shutdown(Callback<void> fn, CreationSite site) {
  int status = UV_EBADF;
  if (is_open()) {
    auto request = std::make_unique<ShutdownRequest>(std::move(fn), *this, site);
    status = ShutdownRequest::submit(request, [&](uv_shutdown_t* submitted) {
      return uv_shutdown(submitted, stream(), [](uv_shutdown_t* done, int result) {
        auto self = ShutdownRequest::take<ShutdownRequest>(done);
        StreamState& on = of(done->handle->data);
        run_callback(self->resource, [&] { self->fn(outcome(on, result, "shutdown")); });
      });
    });
    if (status >= 0) return;
    fn = std::move(request->fn);
  }
  tell_later(std::move(fn), error(status, "shutdown"), site);
}

}  // namespace contrail::inline v0::detail
