#pragma once

#include <optional>
#include <string>

#include "contrail/async_resource.h"
#include "contrail/stream.h"
#include "src/io/listener.h"
#include "src/loop/handle.h"

namespace contrail::inline v0::detail {

/// What TcpSocket and its siblings share: reading, writing, closing.
struct StreamState : HandleState, Cancellable {
  StreamState() noexcept;

  struct PendingRead {
    std::span<std::byte> buffer;
    Resolver<std::size_t> resolver;
  };

  Promise<std::size_t> read(std::span<std::byte> buffer, std::stop_token stop, CreationSite site);
  void set_on_data(Function<void(Result<std::span<const std::byte>>)> fn);
  void pause() noexcept;
  void resume();
  void write(std::string data, Callback<void>&& fn, CreationSite site);
  Promise<void> write(std::string data, std::stop_token stop, CreationSite site);
  void shutdown(Callback<void> fn, CreationSite site);
  /// Of the read() that waits.
  bool cancel() noexcept override;

  virtual uv_stream_t* stream() noexcept = 0;
  virtual AsyncResource& resource() noexcept = 0;
  /// What errors name: the peer.
  virtual std::string subject() const = 0;

  Error error(int status, std::string_view syscall) const {
    return Error(status, syscall, subject());
  }

  Function<void()> on_close;
  std::size_t writes_in_flight = 0;
  bool given_up = false;  ///< For another one: nobody, hooks included, hears it close.

 private:
  void closed() noexcept override;
  void tell_closed() noexcept;
  int refusal_to_read(std::span<std::byte> buffer) const noexcept;
  void update_reading();
  void stop_reading() noexcept;
  void start_reading();
  void on_read(ssize_t count, const uv_buf_t& buffer);
  void deliver(ssize_t count, const uv_buf_t& buffer);
  uv_buf_t place_for_data();
  int write_now(std::string& data, std::size_t& written);
  int write_rest(std::string data, std::size_t written, Callback<void>& fn, CreationSite site);
  Result<void> write_result(int status) const;

  Listener<Result<std::span<const std::byte>>> on_data_;
  std::optional<PendingRead> pending_read_;
  int ended_ = 0;  ///< UV_EOF or the error that ended reading.
  bool reading_ = false;
  bool paused_ = false;
};

}  // namespace contrail::inline v0::detail
