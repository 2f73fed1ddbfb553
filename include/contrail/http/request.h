#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/http/headers.h"
#include "contrail/promise.h"
#include "contrail/result.h"
#include "contrail/socket_address.h"

namespace contrail::inline v0::http {

struct Exchange;

/// What a client asked. Keep it as long as you like: it stays readable when its connection is gone.
///
/// The handler is called when the head has arrived; the body may still be under way. Read it in one
/// of three ways: text(), read() or on_data(). What nobody reads is received and dropped: once the
/// Request is gone, or the response has ended, with no reading under way.
///
/// If the body cannot be completed, reading it fails with an Error: ECONNRESET when the client
/// vanished, EPROTO when it sent nonsense, EMSGSIZE or ETIMEDOUT when it met a limit, ECANCELED
/// when the server was closed. Unless a response has begun, the server itself tells the client.
///
/// Moved-from, a Request is empty: `if (request)` tells; using it ends the process with a sentence.
class CONTRAIL_API Request {
 public:
  /// What hooks see: of the request being served, nothing in between.
  struct CONTRAIL_API Details {
    std::string_view method;
    std::string_view target;
  };

  Request(Request&&) noexcept = default;
  Request& operator=(Request&& other) noexcept;
  ~Request();

  std::string_view method() const noexcept;   ///< "GET"
  std::string_view target() const noexcept;   ///< As sent: "/search?q=1".
  std::string_view path() const noexcept;     ///< The target up to its '?', not decoded: "/search".
  std::string_view query() const noexcept;    ///< What follows the '?', not decoded: "q=1".
  std::string_view version() const noexcept;  ///< "1.1" or "1.0"
  const Headers& headers() const noexcept;
  const SocketAddress& remote_address() const noexcept;

  /// The whole body; what is left of it if some has been read.
  Promise<std::string> text();

  /// The next piece of the body, as soon as there is one; empty at the end. One at a time. As long
  /// as nobody reads, no more than ServerOptions::body_buffer_bytes_max is taken from the client.
  Promise<std::string> read();

  /// Calls fn with each piece of the body as it arrives, in the context of this call. A piece is
  /// valid during the call. An empty one is the end; an Error is final.
  void on_data(Function<void(Result<std::span<const std::byte>>)> fn);
  void pause() noexcept;
  void resume();

  explicit operator bool() const noexcept { return exchange_ != nullptr; }

 private:
  friend class Connection;
  explicit Request(std::shared_ptr<Exchange> exchange) noexcept : exchange_(std::move(exchange)) {}
  Exchange& exchange() const noexcept;
  void let_go() noexcept;

  std::shared_ptr<Exchange> exchange_;
};

}  // namespace contrail::inline v0::http
