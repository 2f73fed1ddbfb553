#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/result.h"
#include "contrail/write_data.h"

namespace contrail::inline v0 {

namespace detail {
struct StreamState;
struct CONTRAIL_API CloseStream {
  void operator()(StreamState* state) const noexcept;
};
using StreamHandle = std::unique_ptr<StreamState, CloseStream>;
}  // namespace detail

/// The bytes that a text consists of, for write() and friends.
inline std::string_view as_text(std::span<const std::byte> bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A two-way flow of bytes: a TcpSocket, seen without its address. Closes when it goes out of
/// scope, also inside its own callback; operations still in flight then fail with ECANCELED.
///
/// Hooks see a before and an after of the stream's own resource for every chunk, for the end and
/// for the close; WRITEWRAP and SHUTDOWNWRAP, triggered by the stream, for writes that could not
/// finish at once and for shutdown().
///
/// A write to a peer that is gone fails with EPIPE: the first stream makes the process ignore
/// SIGPIPE, as Node does, unless the program has set it to something itself.
///
/// Subclasses add verbs, never members, so moving a TcpSocket into a Stream loses nothing. A
/// moved-from Stream, like a default-constructed one, is empty: `if (stream)` tells; using it ends
/// the process with a sentence.
class CONTRAIL_API Stream {
 public:
  /// The next bytes, at least one of them, written into buffer, which must live until then; 0 at
  /// the end of the stream. One read at a time, and none while on_data() listens: it fails with
  /// EBUSY.
  Promise<std::size_t> read(std::span<std::byte> buffer, std::stop_token stop = {},
                            CreationSite site = CreationSite::current());

  /// Calls fn with every chunk as it arrives, in the stream's context. A chunk is valid during the
  /// call. An empty chunk is the end; an Error is final. An empty fn stops it. A read() that waits
  /// already comes first.
  ///
  /// The context of a socket that a TcpServer has accepted is empty, even if a coroutine with one
  /// awaited accept(). async_context::Snapshot::wrap(fn) takes the context of here and now along,
  /// AsyncResource::bind() that of a resource; and co_await of read() goes on in the coroutine's
  /// own.
  void on_data(Function<void(Result<std::span<const std::byte>>)> fn);
  void pause() noexcept;
  void resume();

  /// Bounds the wait for the next bytes, counted from when somebody began to wait or the last ones
  /// came: a read() then fails with ETIMEDOUT, and on_data() is told it. Neither is the end: the
  /// next read() may follow, and on_data() goes on, and is told again. 0 ms, as at first, is for
  /// ever. Hooks see a Timeout now and then, not one for each read.
  void set_read_timeout(std::chrono::milliseconds within);

  /// Called once, when the stream is closed and libuv has let go of it, in the stream's context:
  /// see on_data(), which hears nothing of a close by us.
  void on_close(Function<void()> fn);

  /// Sends data. Resolves when the system has taken all of it: await it, or watch
  /// write_queue_size(), to apply back-pressure. An empty write resolves when those before it have.
  /// What a stop token cuts short may be sent all the same: close() the stream if it must not be.
  Promise<void> write(WriteData data, std::stop_token stop = {},
                      CreationSite site = CreationSite::current());
  /// The same; fn runs in a tick if the system took everything at once.
  void write(WriteData data, Callback<void> fn, CreationSite site = CreationSite::current());
  /// Sends the parts one after the other, as one write and, if the system takes them all at once,
  /// by one system call: a head and a body need not be joined first.
  Promise<void> writev(std::vector<std::string> parts, std::stop_token stop = {},
                       CreationSite site = CreationSite::current());
  void writev(std::vector<std::string> parts, Callback<void> fn,
              CreationSite site = CreationSite::current());
  /// Bytes that the system has not taken yet.
  std::size_t write_queue_size() const noexcept;

  /// How many bytes may wait before needs_drain() asks the writer to stop: 64 KiB unless set. No
  /// write is refused for it. Node's writableHighWaterMark.
  void set_write_high_water_mark(std::size_t bytes);
  std::size_t write_high_water_mark() const noexcept;
  /// A write has reached the high-water mark, and not everything is sent since. Node's
  /// writableNeedDrain.
  bool needs_drain() const noexcept;
  /// Calls fn whenever all is sent after needs_drain(), as the write that was the last, just before
  /// its own callback; not if it failed, and not after shutdown(). Node's 'drain'.
  void on_drain(Function<void()> fn);
  /// The same for coroutines: resolves once needs_drain() is false, maybe at once. Fails as the
  /// write does that it waits for.
  ///
  ///     while (std::optional<std::string> line = next()) {
  ///       socket.write(std::move(*line), [](auto) {});
  ///       co_await socket.drained();
  ///     }
  Promise<void> drained(std::stop_token stop = {}, CreationSite site = CreationSite::current());

  /// Finishes writing, then tells the peer there is no more. Reading goes on.
  Promise<void> shutdown(std::stop_token stop = {}, CreationSite site = CreationSite::current());
  void shutdown(Callback<void> fn, CreationSite site = CreationSite::current());

  /// Now, rather than at the end of the scope. Idempotent.
  void close() noexcept;

  explicit operator bool() const noexcept { return state_ != nullptr; }
  /// Not closed by us yet. The peer may be long gone.
  bool is_open() const noexcept;
  /// There may be more to read: it is open, and neither its end nor an error has been read.
  bool is_readable() const noexcept;
  /// Writing is not refused: it is open, and there was no shutdown().
  bool is_writable() const noexcept;

  /// Whether it keeps Loop::run() from returning while it waits for data. It does at first.
  Stream& ref() noexcept;
  Stream& unref() noexcept;
  bool has_ref() const noexcept;
  AsyncId async_id() const noexcept;
  /// The resource that it is, to be the ResourceOptions::trigger of what it causes; not to be run.
  const AsyncResource& async_resource() const;

 protected:
  Stream() noexcept = default;
  explicit Stream(detail::StreamHandle state) noexcept : state_(std::move(state)) {}
  detail::StreamState& state() const;
  /// What another one consists of, which is left empty.
  static detail::StreamHandle take(Stream& other) noexcept { return std::move(other.state_); }

 private:
  detail::StreamHandle state_;
};

}  // namespace contrail::inline v0
