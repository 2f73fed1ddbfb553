#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/detail/wait_queue.h"
#include "contrail/stream.h"
#include "contrail/timers.h"
#include "src/io/acceptor.h"
#include "src/io/listener.h"
#include "src/loop/handle.h"

namespace contrail::inline v0::detail {

/// A connected socket to take over: a descriptor, or what has come over a pipe.
struct Incoming {
  int descriptor = -1;
  uv_stream_t* pipe = nullptr;
};

/// What TcpSocket and its siblings share: reading, writing, closing.
struct StreamState : HandleState, Cancellable {
  struct WriteRequest;
  struct PendingRead {
    std::span<std::byte> buffer;
    Resolver<std::size_t> resolver;
  };

  Promise<std::size_t> read(std::span<std::byte> buffer, std::stop_token stop, CreationSite site);
  void set_on_data(Function<void(Result<std::span<const std::byte>>)> fn);
  void pause() noexcept;
  void resume();
  void set_read_timeout(std::chrono::milliseconds within);
  /// Data is WriteData or a vector of strings.
  template <class Data>
  void write(Data&& data, Callback<void> fn, CreationSite site);
  template <class Data>
  Promise<void> write(Data&& data, std::stop_token stop, CreationSite site);
  /// The stream goes along, and is then closed here.
  void send(std::string data, StreamHandle along, Callback<void> fn, CreationSite site);
  Promise<void> drained(std::stop_token stop, CreationSite site);
  void shutdown(Callback<void> fn, CreationSite site);
  /// Of the read() that waits.
  bool cancel() noexcept override;

  uv_stream_t* stream() const noexcept { return stream_; }
  AsyncResource& resource() const noexcept { return *resource_; }
  const AsyncResource* about() const noexcept override { return resource_; }
  /// What errors name: the peer.
  virtual std::string subject() const = 0;

  Error error(int status, std::string_view syscall) const {
    return Error(status, syscall, subject());
  }

  bool is_readable() noexcept { return is_open() && !ended_ && uv_is_readable(stream()); }
  bool is_writable() noexcept { return is_open() && uv_is_writable(stream()); }

  std::shared_ptr<ConnectionCount> counted_by;  ///< The server's that has accepted it.
  Function<void()> on_close;
  std::shared_ptr<Function<void()>> on_drain;
  std::size_t write_high_water_mark = std::size_t{64} * 1024;  ///< Node's.
  bool needs_drain = false;
  bool given_up = false;  ///< For another one: nobody, hooks included, hears it close.

 protected:
  /// Both are members of what derives from this: it asks for them too often to ask it.
  StreamState(void* stream, AsyncResource* resource) noexcept;
  void announced_as(AsyncResource& resource) noexcept { resource_ = &resource; }

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
  bool somebody_reads() const noexcept { return pending_read_ || (on_data_ && !paused_); }
  void await_data();
  void arm_read_timer(std::chrono::milliseconds delay);
  void read_timer_due();
  /// How a write has begun.
  struct Sent {
    int status;          ///< 0: everything is sent.
    WriteRequest* rest;  ///< What libuv has of it, and hooks have yet to hear of; or nullptr.
  };
  template <class Data>
  Sent send_now(Data&& data);
  template <class Data>
  int write_now(Data& data, std::size_t& written);
  template <class Data>
  Sent write_rest(Data&& data, std::size_t written);
  template <class Start>
  Sent hand_over(std::unique_ptr<WriteRequest> request, Start start);
  void wrote_later() noexcept;
  void wrote(int status, Callback<void>& fn);
  void settle_drained(int status);

  uv_stream_t* const stream_;
  AsyncResource* resource_;
  Listener<Result<std::span<const std::byte>>> on_data_;
  std::optional<PendingRead> pending_read_;
  std::chrono::milliseconds read_timeout_{};
  std::chrono::milliseconds waiting_since_{};
  std::optional<Timeout> read_timer_;  ///< While there is one to come.
  WaitQueue<void> drained_;
  std::size_t writes_in_flight_ = 0;
  int ended_ = 0;  ///< UV_EOF or the error that ended reading.
  bool reading_ = false;
  bool paused_ = false;
  bool filled_ = false;  ///< What has come is in the buffer of the read() that waits.
};

}  // namespace contrail::inline v0::detail
