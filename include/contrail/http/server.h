#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <limits>
#include <memory>
#include <type_traits>
#include <utility>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/http/request.h"
#include "contrail/http/response.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"
#include "contrail/socket_address.h"
#include "contrail/tcp.h"

namespace contrail::inline v0::http {

struct Exchange;
struct ServerState;

/// What a Server puts up with. A client that goes too far is told so if it can be, and its
/// connection closed; the others go on. Times of zero or less mean: no limit. They are checked four
/// times per the shortest of them, but no more than a hundred times and at least once a second.
struct ServerOptions {
  /// Request line and header fields together: 431.
  std::size_t header_bytes_max = 16 * 1024;
  /// Header fields, also of trailers: 431.
  std::size_t header_count_max = 128;
  /// A whole body, read or not: 413.
  std::size_t body_bytes_max = 8 * 1024 * 1024;
  /// Of one body, waiting to be read: the client is then not read from.
  std::size_t body_buffer_bytes_max = 64 * 1024;
  /// Of requests that wait for the one before: the client is then not read from.
  std::size_t pipeline_bytes_max = 64 * 1024;
  /// Of responses that the client does not fetch: its next request then waits.
  std::size_t write_queue_bytes_max = 64 * 1024;
  /// At a time; further ones are closed as they come.
  std::size_t connections_max = std::numeric_limits<std::size_t>::max();

  /// From the first byte of a request to the end of its head: 408. A new connection that sends
  /// nothing at all for as long is closed silently.
  std::chrono::milliseconds header_timeout = std::chrono::seconds(60);
  /// Without any progress of a body that is being read: 408.
  std::chrono::milliseconds body_timeout = std::chrono::seconds(60);
  /// Between two requests: closed silently.
  std::chrono::milliseconds keep_alive_timeout = std::chrono::seconds(5);
  /// Without any progress of a response: closed.
  std::chrono::milliseconds write_timeout = std::chrono::seconds(60);
};

/// An HTTP/1.1 server.
///
///     http::Server server([](http::Request, http::Response response) {
///       response.end("hello\n");
///     });
///     server.listen(SocketAddress::any(8080));
///
/// The handler may be a coroutine:
///
///     http::Server server([](http::Request request, http::Response response) -> Promise<void> {
///       response.end(co_await request.text());
///     });
///
/// Hooks see one HTTPINCOMINGMESSAGE per connection, triggered by it; the handler runs in its scope
/// for every request, in the context in which listen() was called. What it enters stays with that
/// request. Requests of one connection are handled one after the other.
///
/// A client that has sent the end of its stream is still answered: HTTP allows it to close its half
/// once it has asked, and TCP does not tell that from closing altogether. Only a reset does, or a
/// write that fails. Node closes such a connection.
///
/// The destructor closes all connections; it may run inside the handler. Requests and Responses
/// that are still about then know no client any more. Moved-from, a Server is empty: `if (server)`
/// tells; close() then does nothing, and any other use ends the process with a sentence.
class CONTRAIL_API Server {
 public:
  using Handler = Function<void(Request, Response)>;

  /// What the handler throws is an uncaught exception of the loop; the client gets the 500 of a
  /// Response that was let go of.
  explicit Server(Handler handler, ServerOptions options = {});

  /// The same for anything that takes a Request and a Response and returns nothing or a
  /// Promise<void>. Should the promise be rejected, the client gets a 500 unless it has an answer,
  /// and the loop hears of an unhandled rejection. It does not if all that happened is that the
  /// client failed: an Error of reading its request, or of writing to it, ends there.
  template <class F>
  explicit Server(F handler, ServerOptions options = {})
      : Server(handler_of(std::move(handler)), options) {}

  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  /// Throws Error if the address cannot be had, or if it listens already. Port 0 lets the system
  /// choose: see address().
  Server& listen(const SocketAddress& at, ListenOptions options = {},
                 CreationSite site = CreationSite::current());

  /// Stops listening and closes the connections that are idle; the others when their request is
  /// answered. Idempotent.
  void close() noexcept;

  /// Where it listens. Throws Error (EBADF) if it does not.
  SocketAddress address() const;
  bool listening() const noexcept;
  /// How many are open.
  std::size_t connections() const noexcept;
  /// Of the TCPSERVERWRAP; no_async_id if it does not listen.
  AsyncId async_id() const noexcept;
  explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
  template <class F>
  static Handler handler_of(F handler) {
    static_assert(std::is_invocable_v<F&, Request, Response>,
                  "http::Server: the handler must take an http::Request and an http::Response, "
                  "both by value");
    using Returned = std::invoke_result_t<F&, Request, Response>;
    static_assert(std::is_void_v<Returned> || std::is_same_v<Returned, Promise<void>>,
                  "http::Server: the handler must return nothing, or a Promise<void>");
    if constexpr (std::is_void_v<Returned>) {
      return Handler(std::move(handler));
    } else {
      return watched(std::move(handler));
    }
  }

  /// The callable outlives the Server as long as one of its coroutines refers to it.
  template <class F>
  static Handler watched(F handler) {
    return [handler = std::make_shared<F>(std::move(handler))](Request request, Response response) {
      auto exchange = response.exchange_;
      watch((*handler)(std::move(request), std::move(response)), std::move(exchange), handler);
    };
  }
  ServerState& state() const;
  static void watch(Promise<void> promise, std::shared_ptr<Exchange> exchange,
                    std::shared_ptr<void> handler);

  std::shared_ptr<ServerState> state_;
};

}  // namespace contrail::inline v0::http
