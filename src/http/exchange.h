#pragma once

#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>

#include "contrail/function.h"
#include "contrail/http/headers.h"
#include "contrail/promise.h"
#include "contrail/socket_address.h"
#include "src/http/incoming_body.h"
#include "src/http/request_head.h"
#include "src/http/response_head.h"

namespace contrail::inline v0::http {

class Connection;

/// A request and its response: what a Request and a Response refer to. Shared by them and by the
/// connection, which lets go of it when both are through, or when the client is.
struct Exchange : std::enable_shared_from_this<Exchange> {
  // The request.
  RequestHead head;
  IncomingBody body;
  SocketAddress remote;

  // The response.
  int status = 200;
  Headers headers;

  /// Nobody to answer: the client is gone, or has been told all.
  Connection* connection = nullptr;
  bool head_sent = false;
  bool ended = false;      ///< By whoever holds the Response.
  bool keep_alive = true;  ///< Decided when the head is sent.
  bool lost = false;       ///< The connection failed, rather than the handler.

  /// For the next request.
  void reset() noexcept;

  Promise<void> write(std::string chunk);
  void end(std::string body);
  void on_close(Function<void()> fn);
  /// The connection has gone, or it is known to be all sent: tells the handler, soon.
  void over();
  /// Nobody will hear of it any more.
  void forget_on_close() noexcept { close_fn_ = nullptr; }
  /// Nobody will answer any more: a 500 if nothing is sent, otherwise the end of the connection.
  void give_up();
  /// The handler's promise was rejected. True if that is all because the connection failed.
  bool handler_failed(std::exception_ptr error) noexcept;

  /// The handler has begun to read, or has read: the client may send.
  void body_wanted();
  /// Hands what is there to the handler's function, soon.
  void deliver_soon();
  void body_unwanted() noexcept;

 private:
  std::string open_head(std::optional<std::uint64_t> body_size);
  /// Appends a piece of the body. False if that is more than was promised.
  bool append_piece(std::string& text, std::string piece);

  Function<void()> close_fn_;
  Framing framing_ = Framing::none;
  std::uint64_t length_left_ = 0;
};

/// Ends the process with a sentence.
[[noreturn]] void die_moved_from(const char* what) noexcept;

}  // namespace contrail::inline v0::http
