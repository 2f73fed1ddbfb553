#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "contrail/async_resource.h"
#include "contrail/http/request.h"
#include "contrail/tcp.h"
#include "src/http/exchange.h"
#include "src/http/request_parser.h"

namespace contrail::inline v0::http {

struct ServerState;

/// One client: its requests one after the other, each with its response. The next request is read
/// when the response before has ended; until then it waits, here or with the client.
///
/// The handler's code runs in two places only: dispatch() and deliver_body(). All others leave the
/// connection consistent and may be called at any time, by that code too.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Milliseconds = std::chrono::milliseconds;

  Connection(std::shared_ptr<ServerState> server, TcpSocket socket);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();
  void start();

  /// False once it has been closed, be it by the end of the Loop, of which nobody is told.
  bool is_open() const noexcept { return socket_.is_open(); }

  // For the exchange in progress.
  void send(std::string data);
  Promise<void> send_watched(std::string data);
  /// Calls fn when the system has taken what was sent so far, or never will.
  void when_sent(Function<void()> fn);
  void response_ended();
  void body_wanted();
  void deliver_body();
  void update_flow() noexcept;
  /// The connection may serve another request after this one.
  bool may_go_on() const noexcept;
  std::string_view date_line();

  // For the server.
  /// At once. What the handler still reads fails with that error.
  void close(const Error& error) noexcept;
  /// If a request is in progress, its response will be the last one.
  void close_if_idle();
  /// Something takes too long.
  bool is_overdue(Milliseconds now) noexcept;
  void time_out();

  std::list<std::shared_ptr<Connection>>::iterator place;  ///< Among the server's.

 private:
  enum class Phase : std::uint8_t {
    open,
    hanging_up,  ///< All is said. What the client still sends is dropped.
    closed,
  };
  class Advancing;

  // What arrives: connection.cc.
  void on_data(Result<std::span<const std::byte>> chunk);
  void advance(std::string_view fresh);
  void advance_soon();
  void take_in(std::string_view fresh);
  void parse(std::string_view& input);
  void begin_exchange();
  void deliver();
  void dispatch();
  bool settle();
  bool next_may_start();
  void wait_for_drain();
  bool has_pending() const noexcept { return pending_at_ < pending_.size(); }
  bool is_idle() const noexcept { return !serving_ && !has_pending() && !parser_.begun(); }

  // How it ends: connection_end.cc.
  void fail(int status, int code);
  void hang_up();
  void said_all(bool cleanly);
  void let_exchange_go(const Error& error) noexcept;
  void forget_exchange() noexcept;
  Error error(int code) const;
  Milliseconds time_limit() const noexcept;
  bool is_stuck(Milliseconds now) noexcept;

  std::shared_ptr<ServerState> server_;
  TcpSocket socket_;
  RequestParser parser_;
  std::shared_ptr<Exchange> exchange_;  ///< The one in progress, or one to use again.
  std::string pending_;                 ///< What arrived too early, from pending_at_ on.
  std::size_t pending_at_ = 0;

  Phase phase_ = Phase::open;
  int failure_ = 0;            ///< The status for what the parser refused.
  bool serving_ = false;       ///< exchange_ is in progress.
  bool dispatched_ = false;    ///< The handler has been called for it.
  bool received_ = false;      ///< All of its body.
  bool client_waits_ = false;  ///< For a 100, before it sends the body.
  bool served_any_ = false;
  bool advancing_ = false;
  bool draining_ = false;  ///< The next request waits until responses are fetched.
  bool reading_ = true;
  bool client_ended_ = false;  ///< It will send no more.
  bool said_all_ = false;      ///< The client has got everything, and our end.

  Milliseconds since_;  ///< When what time_limit() is about began.
  Milliseconds unsent_since_;
  std::size_t unsent_ = 0;

  Request::Details details_;
  AsyncResource resource_;
};

}  // namespace contrail::inline v0::http
