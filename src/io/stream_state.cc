#include "src/io/stream_state.h"

#include <csignal>

#include "contrail/microtask.h"
#include "src/io/promised.h"
#include "src/io/tell_in_tick.h"

namespace contrail::inline v0::detail {
namespace {

constexpr int in_flight = 1;

StreamState& of(void* data) { return *static_cast<StreamState*>(static_cast<HandleState*>(data)); }

struct WriteRequest : RequestState<uv_write_t> {
  WriteRequest(std::string bytes, Callback<void> callback, StreamState& on, CreationSite site)
      : data(std::move(bytes)),
        fn(std::move(callback)),
        subject(on.subject()),
        resource(resource_types::write, {.trigger_async_id = on.resource().async_id()}, site) {}

  std::string data;
  Callback<void> fn;
  std::string subject;
  AsyncResource resource;
};

struct ShutdownRequest : RequestState<uv_shutdown_t> {
  ShutdownRequest(Callback<void> callback, StreamState& on, CreationSite site)
      : fn(std::move(callback)),
        subject(on.subject()),
        resource(resource_types::shutdown, {.trigger_async_id = on.resource().async_id()}, site) {}

  Callback<void> fn;
  std::string subject;
  AsyncResource resource;
};

/// What both completions do.
template <class Request>
void complete(Request& request, int status, std::string_view syscall) {
  run_callback(request.resource, [&] {
    if (status < 0) {
      request.fn(Error(status, syscall, request.subject));
    } else {
      request.fn(Result<void>());
    }
  });
}

/// A write to a peer that is gone has to fail, and libuv does not keep it from raising SIGPIPE.
/// As in Node the whole process ignores it from now on, unless it has decided otherwise itself.
bool ignore_broken_pipes() noexcept {
  struct sigaction current {};
  ::sigaction(SIGPIPE, nullptr, &current);
  const bool is_default = !(current.sa_flags & SA_SIGINFO) && current.sa_handler == SIG_DFL;
  if (is_default) ::signal(SIGPIPE, SIG_IGN);
  return is_default;
}

}  // namespace

StreamState::StreamState() noexcept {
  [[maybe_unused]] static const bool ignoring = ignore_broken_pipes();
}

/// Why a read() fails at once, or UV_EOF, or 0.
int StreamState::refusal_to_read(std::span<std::byte> buffer) const noexcept {
  if (!is_open()) return UV_EBADF;
  if (pending_read_ || on_data_) return UV_EBUSY;
  if (buffer.empty()) return UV_EINVAL;
  return ended_;
}

Promise<std::size_t> StreamState::read(std::span<std::byte> buffer, std::stop_token stop,
                                       CreationSite site) {
  const int refusal = stop.stop_requested() ? UV_ECANCELED : refusal_to_read(buffer);
  if (refusal == UV_EOF) return Promise<std::size_t>::resolve(0, site);
  if (refusal < 0) return Promise<std::size_t>::reject(error(refusal, "read"), site);
  auto [promise, resolver] = Promise<std::size_t>::with_resolver(site);
  pending_read_ = PendingRead{buffer, std::move(resolver)};
  update_reading();
  if (promise.pending()) state_of(promise)->settled_by(this);
  if (stop.stop_possible()) {
    cancel_on_stop(*state_of(promise), std::move(stop), "read", subject());
  }
  return std::move(promise);
}

bool StreamState::cancel() noexcept {
  auto read = std::exchange(pending_read_, std::nullopt);
  if (!read) return false;
  read->resolver.reject(error(UV_ECANCELED, "read"));
  update_reading();
  return true;
}

void StreamState::set_on_data(Function<void(Result<std::span<const std::byte>>)> fn) {
  on_data_.set(std::move(fn));
  update_reading();
}

void StreamState::pause() noexcept {
  paused_ = true;
  update_reading();
}

void StreamState::resume() {
  paused_ = false;
  update_reading();
}

uv_buf_t StreamState::place_for_data() {
  if (pending_read_) {
    auto wanted = pending_read_->buffer;
    return {reinterpret_cast<char*>(wanted.data()), wanted.size()};
  }
  auto& shared = loop().read_buffer;
  if (!shared) shared = std::make_unique<ReadBuffer>();
  return {shared->data(), shared->size()};
}

/// Reads as long as somebody waits for data. A read() that waits goes before on_data().
void StreamState::update_reading() {
  const bool wanted = is_open() && !ended_ && (pending_read_ || (on_data_ && !paused_));
  if (wanted && !reading_) start_reading();
  if (!wanted) stop_reading();
}

void StreamState::start_reading() {
  const int status = uv_read_start(
      stream(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        *buffer = of(handle->data).place_for_data();
      },
      [](uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
        of(stream->data).on_read(count, *buffer);
      });
  reading_ = status >= 0;
  if (status < 0) {
    ended_ = status;
    if (auto read = std::exchange(pending_read_, std::nullopt)) {
      read->resolver.reject(error(status, "read"));
    }
  }
}

void StreamState::stop_reading() noexcept {
  if (std::exchange(reading_, false) && is_open()) uv_read_stop(stream());
}

void StreamState::on_read(ssize_t count, const uv_buf_t& buffer) {
  if (count == 0) return;  // libuv says: nothing yet.
  if (count < 0) ended_ = static_cast<int>(count);
  run_callback(resource(), [&] { deliver(count, buffer); });
  update_reading();  // After the drain: who awaited this read may be waiting for the next.
}

void StreamState::deliver(ssize_t count, const uv_buf_t& buffer) {
  const std::size_t size = count > 0 ? static_cast<std::size_t>(count) : 0;
  const bool failed = count < 0 && count != UV_EOF;
  if (pending_read_) {
    Resolver<std::size_t> resolver = std::move(pending_read_->resolver);
    pending_read_.reset();
    if (failed) return resolver.reject(error(ended_, "read"));
    return resolver.resolve(size);
  }
  if (failed) return on_data_.call(error(ended_, "read"));
  on_data_.call(std::span(reinterpret_cast<const std::byte*>(buffer.base), size));
}

void StreamState::write(std::string data, Callback<void>&& fn, CreationSite site) {
  std::size_t written = 0;
  int status = write_now(data, written);
  if (status == in_flight) status = write_rest(std::move(data), written, fn, site);
  if (status == in_flight) return;
  if (status == 0) return loop().tasks.add_tick(told_success(std::move(fn)), site);
  // As in Node: the system took it, or refused it, at once, and the callback runs in a tick.
  auto tell = [fn = std::move(fn), result = write_result(status)]() mutable {
    fn(std::move(result));
  };
  next_tick(std::move(tell), site);
}

Promise<void> StreamState::write(std::string data, std::stop_token stop, CreationSite site) {
  std::size_t written = 0;
  const int status = stop.stop_requested() ? UV_ECANCELED : write_now(data, written);
  if (status == 0) return Promise<void>::resolve({}, site);
  if (status < 0) return Promise<void>::reject(error(status, "write"), site);
  const std::string peer = stop.stop_possible() ? subject() : std::string();
  return promised<void>({std::move(stop), site, "write", peer}, [&](Callback<void> fn) {
    const int refused = write_rest(std::move(data), written, fn, site);
    if (refused < 0) fn(error(refused, "write"));
  });
}

Result<void> StreamState::write_result(int status) const {
  if (status < 0) return error(status, "write");
  return {};
}

/// How it ended at once; or in_flight, if there is something left to be sent.
int StreamState::write_now(std::string& data, std::size_t& written) {
  if (!is_open()) return UV_EBADF;
  if (!uv_is_writable(stream())) return UV_EPIPE;
  // While there is one in flight the others line up: they also finish in their order.
  if (!data.empty() && writes_in_flight == 0) {
    uv_buf_t buffer{data.data(), data.size()};
    const int count = uv_try_write(stream(), &buffer, 1);
    if (count < 0 && count != UV_EAGAIN) return count;
    written = count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  return written == data.size() && writes_in_flight == 0 ? 0 : in_flight;
}

/// in_flight, having taken fn; or why libuv has refused it.
int StreamState::write_rest(std::string data, std::size_t written, Callback<void>& fn,
                            CreationSite site) {
  auto request = std::make_unique<WriteRequest>(std::move(data), std::move(fn), *this, site);
  uv_buf_t rest{request->data.data() + written, request->data.size() - written};
  const int status = WriteRequest::submit(request, [&](uv_write_t* submitted) {
    return uv_write(submitted, stream(), &rest, 1, [](uv_write_t* done, int result) {
      auto self = WriteRequest::take<WriteRequest>(done);
      --of(done->handle->data).writes_in_flight;
      complete(*self, result, "write");
    });
  });
  if (status >= 0) {
    ++writes_in_flight;
    return in_flight;
  }
  fn = std::move(request->fn);
  return status;
}

void StreamState::shutdown(Callback<void> fn, CreationSite site) {
  int status = UV_EBADF;
  if (is_open()) {
    auto request = std::make_unique<ShutdownRequest>(std::move(fn), *this, site);
    status = ShutdownRequest::submit(request, [&](uv_shutdown_t* submitted) {
      return uv_shutdown(submitted, stream(), [](uv_shutdown_t* done, int result) {
        auto self = ShutdownRequest::take<ShutdownRequest>(done);
        complete(*self, result, "shutdown");
      });
    });
    if (status >= 0) return;
    fn = std::move(request->fn);
  }
  auto tell = [fn = std::move(fn), failure = error(status, "shutdown")]() mutable { fn(failure); };
  next_tick(std::move(tell), site);
}

void StreamState::tell_closed() noexcept {
  run_callback(resource(), [&] {
    if (pending_read_) pending_read_->resolver.reject(error(UV_ECANCELED, "read"));
    // It may replace or remove itself.
    if (auto fn = std::exchange(on_close, {})) fn();
  });
}

void StreamState::closed() noexcept {
  if (!given_up) tell_closed();
  pending_read_.reset();
  on_data_.set(nullptr);
  on_close = nullptr;
  resource().emit_destroy();
  resource().release_context();
}

}  // namespace contrail::inline v0::detail
