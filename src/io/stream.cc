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

Promise<std::size_t> Stream::read(std::span<std::byte> buffer, std::stop_token stop,
                                  CreationSite site) {
  return state().read(buffer, std::move(stop), site);
}

void Stream::on_data(Function<void(Result<std::span<const std::byte>>)> fn) {
  state().set_on_data(std::move(fn));
}

void Stream::pause() noexcept { state().pause(); }
void Stream::resume() { state().resume(); }
void Stream::on_close(Function<void()> fn) { state().on_close = std::move(fn); }

Promise<void> Stream::write(std::string data, std::stop_token stop, CreationSite site) {
  return state().write(std::move(data), std::move(stop), site);
}

void Stream::write(std::string data, Callback<void> fn, CreationSite site) {
  state().write(std::move(data), std::move(fn), site);
}

std::size_t Stream::write_queue_size() const noexcept {
  detail::StreamState& stream = state();
  return stream.is_open() ? uv_stream_get_write_queue_size(stream.stream()) : 0;
}

Promise<void> Stream::shutdown(std::stop_token stop, CreationSite site) {
  const std::string peer = stop.stop_possible() ? state().subject() : std::string();
  return detail::promised<void>({std::move(stop), site, "shutdown", peer},
                                [&](Callback<void> fn) { shutdown(std::move(fn), site); });
}

void Stream::shutdown(Callback<void> fn, CreationSite site) {
  state().shutdown(std::move(fn), site);
}

void Stream::close() noexcept {
  if (!state_) detail::die_moved_from("Stream");
  state_->close();
}

bool Stream::is_open() const noexcept { return state_ && state_->is_open(); }

AsyncId Stream::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

}  // namespace contrail::inline v0
