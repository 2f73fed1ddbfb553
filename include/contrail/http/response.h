#pragma once

#include <memory>
#include <string>
#include <utility>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/http/headers.h"
#include "contrail/promise.h"

namespace contrail::inline v0::http {

struct Exchange;

/// What we answer. Keep it, move it into a coroutine or a callback, and end() it when you can:
///
///     response.status(201).headers().set("Location", "/things/7");
///     response.end("made\n");
///
/// Letting go of it unanswered sends a 500, so no client waits for a lost reply; letting go of it
/// half-way closes the connection, so no client takes a part for the whole.
///
/// Framing is the server's business: Content-Length, Transfer-Encoding, Connection and Date are
/// added as needed. A `Connection: close` of yours is honoured, a Date kept; so is a Content-Length
/// ahead of write(), and then it must be what is written. Responses to HEAD, and those of status
/// 204, 205 and 304, are sent without the body you give them.
///
/// When the client is gone, write() rejects and end() does nothing: see is_open() and on_close().
/// Moved-from, a Response is empty: `if (response)` tells; using it ends the process with a
/// sentence.
class CONTRAIL_API Response {
 public:
  Response(Response&&) noexcept = default;
  Response& operator=(Response&& other) noexcept;
  ~Response();

  /// 200 unless set. Throws std::invalid_argument unless 200 <= code <= 999, and std::logic_error
  /// once the head is sent.
  Response& status(int code);
  int status() const noexcept;

  /// Throws std::logic_error once the head is sent.
  Headers& headers();
  const Headers& headers() const noexcept;

  /// Sends the head, if that has not been done, and a piece of the body: in chunks, or raw up to
  /// the close for an HTTP/1.0 client. Resolves when the system has taken it: await it to apply
  /// back-pressure. Rejects with an Error when the client is gone, or after end().
  Promise<void> write(std::string chunk);

  /// Sends what is missing, head and body in one. More calls do nothing.
  void end(std::string body = {});

  /// Calls fn once, later than this call and in its context, when the exchange is over: Node's
  /// 'close' event. That is when the system has taken all of the response, or when the connection
  /// went before. If end() had not been called by then, ended() is false: the client has left. Call
  /// it before end(); after it, fn runs soon. It replaces the fn before, and a Loop that goes drops
  /// it uncalled.
  void on_close(Function<void()> fn);

  bool head_sent() const noexcept;
  /// end() was called.
  bool ended() const noexcept;
  /// The client can still be answered, as far as we know: false once its connection has failed or
  /// was closed, or all has been said. A client that only closes looks like one that has just
  /// finished sending, see Server: the next write() finds out, or the one after.
  bool is_open() const noexcept;

  explicit operator bool() const noexcept { return exchange_ != nullptr; }

 private:
  friend class Connection;
  friend class Server;
  explicit Response(std::shared_ptr<Exchange> exchange) noexcept : exchange_(std::move(exchange)) {}
  Exchange& exchange() const noexcept;
  void let_go() noexcept;

  std::shared_ptr<Exchange> exchange_;
};

}  // namespace contrail::inline v0::http
