#include "contrail/stream.h"

#include "src/io/promised.h"
#include "src/io/stream_state.h"

namespace contrail::inline v0 {
void detail::CloseStream::operator()(StreamState* state) const noexcept { state->let_go(); }

detail::StreamState& Stream::state() const {
  if (!state_) detail::die_moved_from("Stream");
  state_->check_thread();
  return *state_;
}

Promise<std::size_t> Stream::read(std::span<std::byte> buffer) { return state().read(buffer); }

void Stream::on_data(Function<void(Result<std::span<const std::byte>>)> fn) {
  state().set_on_data(std::move(fn));
}

void Stream::pause() noexcept { state().pause(); }
void Stream::resume() { state().resume(); }
void Stream::on_close(Function<void()> fn) { state().on_close = std::move(fn); }

Promise<void> Stream::write(std::string data) { return state().write(std::move(data)); }

void Stream::write(std::string data, Callback<void> fn) {
  state().write(std::move(data), std::move(fn));
}

std::size_t Stream::write_queue_size() const noexcept {
  detail::StreamState& stream = state();
  return stream.is_open() ? uv_stream_get_write_queue_size(stream.stream()) : 0;
}

Promise<void> Stream::shutdown() {
  return detail::promised<void>([&](Callback<void> fn) { shutdown(std::move(fn)); });
}

void Stream::shutdown(Callback<void> fn) { state().shutdown(std::move(fn)); }

void Stream::close() noexcept {
  if (!state_) detail::die_moved_from("Stream");
  state_->close();
}

bool Stream::is_open() const noexcept { return state_ && state_->is_open(); }

AsyncId Stream::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

}  // namespace contrail::inline v0
