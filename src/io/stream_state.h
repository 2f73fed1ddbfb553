#pragma once

#include <optional>
#include <string>

#include "contrail/async_resource.h"
#include "contrail/stream.h"
#include "src/loop/handle.h"

namespace contrail::inline v0::detail {

/// What TcpSocket and its siblings share: reading, writing, closing.
struct StreamState : HandleState, Cancellable {
  StreamState() noexcept;

  using OnData = Function<void(Result<std::span<const std::byte>>)>;

  struct PendingRead {
    std::span<std::byte> buffer;
    Resolver<std::size_t> resolver;
  };

  Promise<std::size_t> read(std::span<std::byte> buffer, std::stop_token stop, CreationSite site);
  void set_on_data(OnData fn);
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
  int start_write(std::string data, Callback<void>& fn, CreationSite site);
  Result<void> write_result(int status) const;

  OnData on_data_;
  std::optional<PendingRead> pending_read_;
  int ended_ = 0;           ///< UV_EOF or the error that ended reading.
  bool listening_ = false;  ///< There is an on_data_, though it is moved out while it runs.
  bool replaced_ = false;   ///< set_on_data() was called since it was.
  bool reading_ = false;
  bool paused_ = false;
};

}  // namespace contrail::inline v0::detail
