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

void Stream::set_read_timeout(std::chrono::milliseconds within) {
  state().set_read_timeout(within);
}
void Stream::pause() noexcept { state().pause(); }
void Stream::resume() { state().resume(); }
void Stream::on_close(Function<void()> fn) { state().on_close = std::move(fn); }

Promise<void> Stream::write(WriteData data, std::stop_token stop, CreationSite site) {
  return state().write(std::move(data), std::move(stop), site);
}

void Stream::write(WriteData data, Callback<void> fn, CreationSite site) {
  state().write(std::move(data), std::move(fn), site);
}

Promise<void> Stream::writev(std::vector<std::string> parts, std::stop_token stop,
                             CreationSite site) {
  return state().write(std::move(parts), std::move(stop), site);
}

void Stream::writev(std::vector<std::string> parts, Callback<void> fn, CreationSite site) {
  state().write(std::move(parts), std::move(fn), site);
}

std::size_t Stream::write_queue_size() const noexcept {
  detail::StreamState& stream = state();
  return stream.is_open() ? uv_stream_get_write_queue_size(stream.stream()) : 0;
}

void Stream::set_write_high_water_mark(std::size_t bytes) { state().write_high_water_mark = bytes; }
std::size_t Stream::write_high_water_mark() const noexcept { return state().write_high_water_mark; }
bool Stream::needs_drain() const noexcept { return state().needs_drain; }

void Stream::on_drain(Function<void()> fn) {
  state().on_drain = fn ? std::make_shared<Function<void()>>(std::move(fn)) : nullptr;
}

Promise<void> Stream::drained(std::stop_token stop, CreationSite site) {
  return state().drained(std::move(stop), site);
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

bool Stream::is_readable() const noexcept { return state_ && state_->is_readable(); }
bool Stream::is_writable() const noexcept { return state_ && state_->is_writable(); }

Stream& Stream::ref() noexcept {
  state().set_ref(true);
  return *this;
}

Stream& Stream::unref() noexcept {
  state().set_ref(false);
  return *this;
}

bool Stream::has_ref() const noexcept { return state().has_ref(); }

const AsyncResource& Stream::async_resource() const { return state().resource(); }

AsyncId Stream::async_id() const noexcept {
  return state_ ? state_->resource().async_id() : no_async_id;
}

}  // namespace contrail::inline v0
