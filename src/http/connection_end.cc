// What a connection says, and how it ends: well, badly, or for want of patience.

#include <cerrno>
#include <utility>

#include "contrail/loop.h"
#include "src/http/connection.h"
#include "src/http/server_state.h"

namespace contrail::inline v0::http {
namespace {

using namespace std::chrono_literals;

constexpr int request_timeout = 408;

/// How long a client may go on sending after it was told to stop. Closing at once, with bytes of
/// it unread, would make the system discard what we said.
constexpr std::chrono::milliseconds linger_time = 2s;

}  // namespace

// A hook that hears of a write may destroy the server, and this with it.

void Connection::send(std::string data) {
  const auto keep = shared_from_this();
  socket_.write(std::move(data), [self = weak_from_this()](Result<void> result) {
    if (result) return;
    if (auto connection = self.lock()) connection->close(result.error());
  });
}

Promise<void> Connection::send_watched(std::string data) {
  const auto keep = shared_from_this();
  return socket_.write(std::move(data));
}

void Connection::when_sent(Function<void()> fn) {
  // An empty write ends when those before it have.
  socket_.write({}, [fn = std::move(fn)](Result<void>) mutable { fn(); });
}

std::string_view Connection::date_line() { return server_->date.now(); }

bool Connection::may_go_on() const noexcept {
  const bool more_to_come = !client_ended_ || has_pending();
  return more_to_come && !client_waits_ && !server_->closing;
}

Error Connection::error(int code) const {
  return Error(code, "read", socket_.remote_address().to_string());
}

/// The client is told, unless it is in the middle of a response, or has had it.
void Connection::fail(int status, int code) {
  const Error failure = error(code);
  const bool has_response = serving_ && exchange_->head_sent;
  if (has_response && !exchange_->ended) return close(failure);
  if (!has_response) {
    const ResponsePlan plan{.status = status,
                            .to_head = false,
                            .to_http_1_0 = false,
                            .keep_alive = false,
                            .wants_keep_alive_said = false,
                            .body_size = 0};
    send(write_response_head(plan, Headers(), date_line()).text);
  }
  let_exchange_go(failure);
  hang_up();
}

void Connection::hang_up() {
  if (phase_ != Phase::open) return;
  const bool cleanly = !failure_ && !has_pending() && (received_ || !parser_.begun());
  let_exchange_go(error(-ECANCELED));
  phase_ = Phase::hanging_up;
  pending_.clear();
  pending_at_ = 0;
  if (!std::exchange(reading_, true)) socket_.resume();
  socket_.shutdown([self = weak_from_this(), cleanly](Result<void> result) {
    if (auto connection = self.lock()) connection->said_all(cleanly || !result);
  });
}

void Connection::said_all(bool cleanly) {
  if (phase_ == Phase::closed) return;
  said_all_ = true;
  since_ = Loop::current().now();
  if (cleanly || client_ended_) close(error(-ECANCELED));
}

void Connection::close(const Error& error) noexcept {
  if (std::exchange(phase_, Phase::closed) == Phase::closed) return;
  const auto keep = shared_from_this();
  const bool loop_is_gone = !socket_.is_open();  // Else it is we who close it, here.
  socket_.close();
  server_->remove(*this);
  if (loop_is_gone) {
    forget_exchange();
  } else {
    let_exchange_go(error);
  }
}

/// Nobody is told.
void Connection::forget_exchange() noexcept {
  if (!std::exchange(serving_, false)) return;
  exchange_->connection = nullptr;
  exchange_->forget_on_close();
}

void Connection::let_exchange_go(const Error& error) noexcept {
  if (!std::exchange(serving_, false)) return;
  const auto exchange = std::move(exchange_);
  details_ = {};
  exchange->connection = nullptr;
  exchange->lost |= !received_ || !exchange->ended;
  exchange->over();
  if (!received_) exchange->body.fail(error);
  if (exchange->body.has_news()) {
    exchange->deliver_soon();
  } else {
    exchange->body.deliver();
  }
}

void Connection::close_if_idle() {
  if (is_idle()) hang_up();
}

Connection::Milliseconds Connection::time_limit() const noexcept {
  const ServerOptions& options = server_->options;
  if (phase_ == Phase::hanging_up) return said_all_ ? linger_time : 0ms;
  if (serving_) {
    return !received_ && reading_ && !client_waits_ ? options.body_timeout : 0ms;
  }
  if (draining_) return 0ms;
  const bool between = served_any_ && !parser_.begun();
  return between ? options.keep_alive_timeout : options.header_timeout;
}

/// The client has not fetched anything of what we have for it.
bool Connection::is_stuck(Milliseconds now) noexcept {
  const std::size_t unsent = socket_.write_queue_size();
  if (unsent == 0 || unsent != std::exchange(unsent_, unsent)) unsent_since_ = now;
  const Milliseconds limit = server_->options.write_timeout;
  return limit > 0ms && now - unsent_since_ >= limit;
}

bool Connection::is_overdue(Milliseconds now) noexcept {
  if (phase_ == Phase::closed) return false;
  const Milliseconds limit = time_limit();
  return (limit > 0ms && now - since_ >= limit) || is_stuck(now);
}

void Connection::time_out() {
  const bool begun = serving_ || parser_.begun();
  const bool waited_for_request = phase_ == Phase::open && !is_stuck(Loop::current().now());
  if (waited_for_request && begun) {
    fail(request_timeout, -ETIMEDOUT);
  } else {
    close(error(-ETIMEDOUT));
  }
}

}  // namespace contrail::inline v0::http
