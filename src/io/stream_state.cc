#include "src/io/stream_state.h"

#include <algorithm>
#include <csignal>

#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {
namespace {

StreamState& of(void* data) { return *static_cast<StreamState*>(static_cast<HandleState*>(data)); }

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

StreamState::StreamState(void* stream, AsyncResource* resource) noexcept
    : stream_(static_cast<uv_stream_t*>(stream)), resource_(resource) {
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
  await_data();
  if (promise.pending()) state_of(promise)->settled_by(this);
  if (stop.stop_possible()) {
    cancel_on_stop(*state_of(promise), std::move(stop), "read", subject());
  }
  return std::move(promise);
}

bool StreamState::cancel() noexcept {
  if (filled_) return true;  // By a hook, just before it is told: the bytes would be lost.
  auto read = std::exchange(pending_read_, std::nullopt);
  if (!read) return false;
  read->resolver.reject(error(UV_ECANCELED, "read"));
  update_reading();
  return true;
}

void StreamState::set_on_data(Function<void(Result<std::span<const std::byte>>)> fn) {
  on_data_.set(std::move(fn));
  await_data();
}

void StreamState::pause() noexcept {
  paused_ = true;
  update_reading();
}

void StreamState::resume() {
  paused_ = false;
  await_data();
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

/// Somebody begins to wait, or goes on.
void StreamState::await_data() {
  update_reading();
  if (read_timeout_.count() == 0 || !reading_) return;
  waiting_since_ = loop().owner.now();
  if (!read_timer_) arm_read_timer(read_timeout_);
}

void StreamState::set_read_timeout(std::chrono::milliseconds within) {
  read_timeout_ = std::max(within, std::chrono::milliseconds(0));
  if (auto outdated = std::exchange(read_timer_, std::nullopt)) outdated->clear();
  if (is_open()) await_data();
}

/// The stream keeps the loop running, not the timer, and it is in the stream's context.
void StreamState::arm_read_timer(std::chrono::milliseconds delay) {
  FrameScope frame(resource().context_frame());
  delay = std::min(delay, longest_delay);
  read_timer_ = set_timeout([this] { read_timer_due(); }, delay, resource().creation_site());
  read_timer_->unref();
}

/// Reads only note the time: it is the timer that finds out whether it was enough.
void StreamState::read_timer_due() {
  read_timer_.reset();
  if (!reading_ || !is_open()) return;  // The next one who waits makes another.
  const auto waited = loop().owner.now() - waiting_since_;
  if (waited < read_timeout_) return arm_read_timer(read_timeout_ - waited);
  run_callback(resource(), [&] { deliver(UV_ETIMEDOUT, uv_buf_t{}); });
  await_data();
}

/// Reads as long as somebody waits for data. A read() that waits goes before on_data().
void StreamState::update_reading() {
  const bool wanted = is_open() && !ended_ && somebody_reads();
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
  filled_ = count > 0 && pending_read_;
  run_callback(resource(), [&] { deliver(count, buffer); });
  await_data();  // After the drain: who awaited this read may be waiting for the next.
}

void StreamState::deliver(ssize_t count, const uv_buf_t& buffer) {
  if (!is_open()) return;  // A hook has closed it.
  const std::size_t size = count > 0 ? static_cast<std::size_t>(count) : 0;
  const bool failed = count < 0 && count != UV_EOF;
  // Not what a hook has begun to read in place of on_data(): these bytes are elsewhere.
  if (pending_read_ && (std::exchange(filled_, false) || count < 0)) {
    Resolver<std::size_t> resolver = std::move(pending_read_->resolver);
    pending_read_.reset();
    if (failed) return resolver.reject(error(static_cast<int>(count), "read"));
    return resolver.resolve(size);
  }
  if (failed) return on_data_.call(error(static_cast<int>(count), "read"));
  on_data_.call(std::span(reinterpret_cast<const std::byte*>(buffer.base), size));
}

void StreamState::tell_closed() noexcept {
  run_callback(resource(), [&] {
    if (pending_read_) pending_read_->resolver.reject(error(UV_ECANCELED, "read"));
    drained_.fail_all(error(UV_ECANCELED, "drained"));
    // It may replace or remove itself.
    if (auto fn = std::exchange(on_close, {})) fn();
  });
}

void StreamState::closed() noexcept {
  if (read_timer_) read_timer_->clear();
  read_timer_.reset();
  if (!given_up) tell_closed();
  pending_read_.reset();
  on_data_.set(nullptr);
  on_close = nullptr;
  on_drain = nullptr;
  if (auto count = std::move(counted_by)) count->one_closed();
  resource().emit_destroy();
  resource().release_context();
}

}  // namespace contrail::inline v0::detail
