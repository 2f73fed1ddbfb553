#include "src/http/connection.h"

#include <cerrno>
#include <exception>
#include <utility>

#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "src/http/server_state.h"

namespace contrail::inline v0::http {
namespace {

inline constexpr ResourceType incoming_message_type{resource_types::http_incoming_message.name,
                                                    &AnyRef::tag_of<Request::Details>};

constexpr int bad_request = 400;

}  // namespace

/// While requests are taken from what arrived. If the handler throws, the rest is done soon.
class Connection::Advancing {
 public:
  explicit Advancing(Connection& connection) : connection_(connection) {
    connection_.advancing_ = true;
  }
  Advancing(const Advancing&) = delete;
  Advancing& operator=(const Advancing&) = delete;
  ~Advancing() {
    connection_.advancing_ = false;
    if (std::uncaught_exceptions() > exceptions_) connection_.advance_soon();
  }

 private:
  Connection& connection_;
  int exceptions_ = std::uncaught_exceptions();
};

// The server accepts in the context in which listen() was called: so that is the resource's.
Connection::Connection(std::shared_ptr<ServerState> server, TcpSocket socket)
    : server_(std::move(server)),
      socket_(std::move(socket)),
      parser_({.header_bytes_max = server_->options.header_bytes_max,
               .header_count_max = server_->options.header_count_max,
               .body_bytes_max = server_->options.body_bytes_max}),
      since_(Loop::current().now()),
      unsent_since_(since_),
      resource_(incoming_message_type,
                {.trigger = &socket_.async_resource(), .details = AnyRef::to(details_)},
                server_->listened_at) {}

Connection::~Connection() { forget_exchange(); }

void Connection::start() {
  try {
    socket_.set_no_delay();
  } catch (const Error&) {
    // It is gone already: reading will say so.
  }
  socket_.on_data([this](Result<std::span<const std::byte>> chunk) { on_data(std::move(chunk)); });
}

void Connection::on_data(Result<std::span<const std::byte>> chunk) {
  const auto keep = shared_from_this();
  if (!chunk) return close(chunk.error());
  const std::string_view text = as_text(*chunk);
  client_ended_ = text.empty();
  if (phase_ == Phase::open) {
    advance(text);
  } else if (client_ended_ && said_all_) {
    close(error(-ECANCELED));
  }
}

void Connection::advance(std::string_view fresh) {
  const auto keep = shared_from_this();
  Advancing scope(*this);
  do {
    take_in(std::exchange(fresh, {}));
    deliver();
  } while (settle());
  update_flow();
}

void Connection::advance_soon() {
  next_tick([self = weak_from_this()] {
    if (auto connection = self.lock()) connection->advance({});
  });
}

/// Up to the end of one request. What follows it waits in pending_.
void Connection::take_in(std::string_view fresh) {
  if (phase_ != Phase::open) return;
  const bool begun_before = parser_.begun();
  if (has_pending()) {
    if (!fresh.empty()) pending_.erase(0, std::exchange(pending_at_, 0)).append(fresh);
    std::string_view input = std::string_view(pending_).substr(pending_at_);
    parse(input);
    pending_at_ = pending_.size() - input.size();
  } else {
    parse(fresh);
    pending_.assign(fresh);
    pending_at_ = 0;
  }
  if (!serving_ && !begun_before && parser_.begun()) since_ = Loop::current().now();
}

void Connection::parse(std::string_view& input) {
  while (!received_) {
    switch (parser_.next(input)) {
      case RequestParser::Event::more: return;
      case RequestParser::Event::head: begin_exchange(); break;
      case RequestParser::Event::piece:
        exchange_->body.append(parser_.piece());
        client_waits_ = false;
        since_ = Loop::current().now();
        break;
      case RequestParser::Event::done:
        exchange_->body.complete();
        received_ = true;
        client_waits_ = false;
        return;
      case RequestParser::Event::failed: failure_ = parser_.failure(); return;
    }
  }
}

void Connection::begin_exchange() {
  if (exchange_ && exchange_.use_count() == 1) {
    exchange_->reset();
  } else {
    exchange_ = std::make_shared<Exchange>();
  }
  std::swap(exchange_->head, parser_.head());
  exchange_->connection = this;
  exchange_->remote = socket_.remote_address();
  serving_ = true;
  dispatched_ = false;
  client_waits_ = exchange_->head.expects_continue;
  since_ = Loop::current().now();
}

/// The last thing to do, as it may run the handler's code.
void Connection::deliver() {
  if (phase_ != Phase::open) return;
  if (failure_) return fail(failure_, failure_ == bad_request ? -EPROTO : -EMSGSIZE);
  if (client_ended_ && serving_ && !received_) return fail(bad_request, -ECONNRESET);
  if (!serving_) return;
  if (!dispatched_) return dispatch();
  if (exchange_->body.awaited()) deliver_body();
}

void Connection::dispatch() {
  dispatched_ = true;
  details_ = {exchange_->head.method(), exchange_->head.target()};
  resource_.run_in_async_scope([this] {
    if (phase_ != Phase::open || !exchange_) return;  // A hook has closed it.
    server_->handler(Request(exchange_), Response(exchange_));
  });
}

void Connection::deliver_body() {
  const auto keep = shared_from_this();
  const auto exchange = exchange_;
  resource_.run_in_async_scope([&] { exchange->body.deliver(); });
  update_flow();
}

void Connection::response_ended() {
  const auto keep = shared_from_this();
  if (!advancing_ && settle()) advance_soon();
}

/// Goes on after a response. True if the next request is there and may be taken in.
bool Connection::settle() {
  if (phase_ != Phase::open) return false;
  if (!serving_) return next_may_start();
  if (!exchange_->ended) return false;
  if (!received_ && exchange_->keep_alive) {
    exchange_->body.discard_unless_awaited();  // The rest of it is received nevertheless.
    update_flow();
    return false;
  }
  if (!exchange_->keep_alive) {
    hang_up();
    return false;
  }
  exchange_->connection = nullptr;
  details_ = {};
  serving_ = received_ = false;
  served_any_ = true;
  since_ = Loop::current().now();
  return next_may_start();
}

bool Connection::next_may_start() {
  if (!has_pending()) {
    if (client_ended_ && parser_.begun()) {
      fail(bad_request, -ECONNRESET);
    } else if (client_ended_ || (server_->closing && !parser_.begun())) {
      hang_up();
    }
    return false;
  }
  if (socket_.write_queue_size() <= server_->options.write_queue_bytes_max) return true;
  wait_for_drain();
  return false;
}

void Connection::wait_for_drain() {
  if (std::exchange(draining_, true)) return;
  // An empty write ends when those before it have.
  socket_.write({}, [self = weak_from_this()](Result<void> result) {
    auto connection = self.lock();
    if (!connection) return;
    connection->draining_ = false;
    if (!result) return connection->close(result.error());
    connection->advance({});
  });
}

void Connection::body_wanted() {
  const auto keep = shared_from_this();
  if (client_waits_ && !exchange_->head_sent) {
    client_waits_ = false;
    since_ = Loop::current().now();
    send("HTTP/1.1 100 Continue\r\n\r\n");
  }
  update_flow();
}

void Connection::update_flow() noexcept {
  if (phase_ != Phase::open || client_ended_) return;
  const ServerOptions& options = server_->options;
  const bool full =
      serving_ && !received_ && exchange_->body.waiting() >= options.body_buffer_bytes_max;
  const bool ahead = has_pending() && pending_.size() - pending_at_ >= options.pipeline_bytes_max;
  const bool wanted = !full && !ahead;
  if (wanted == std::exchange(reading_, wanted)) return;
  if (wanted) {
    since_ = Loop::current().now();
    socket_.resume();
  } else {
    socket_.pause();
  }
}

}  // namespace contrail::inline v0::http
