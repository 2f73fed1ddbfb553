#include "contrail/http/request.h"

#include "src/http/exchange.h"

namespace contrail::inline v0::http {

Request& Request::operator=(Request&& other) noexcept {
  if (this != &other) {
    let_go();
    exchange_ = std::move(other.exchange_);
  }
  return *this;
}

Request::~Request() { let_go(); }

void Request::let_go() noexcept {
  if (auto exchange = std::move(exchange_)) exchange->body_unwanted();
}

Exchange& Request::exchange() const noexcept {
  if (!exchange_) die_moved_from("http::Request");
  return *exchange_;
}

std::string_view Request::method() const noexcept { return exchange().head.method(); }
std::string_view Request::target() const noexcept { return exchange().head.target(); }
std::string_view Request::path() const noexcept { return exchange().head.path(); }
std::string_view Request::query() const noexcept { return exchange().head.query(); }
std::string_view Request::version() const noexcept {
  return exchange().head.minor_version == 0 ? "1.0" : "1.1";
}
const Headers& Request::headers() const noexcept { return exchange().head.headers; }
const SocketAddress& Request::remote_address() const noexcept { return exchange().remote; }

// A hook that hears of what they make may destroy the Request during these calls.

Promise<std::string> Request::text() {
  const auto keep = exchange().shared_from_this();
  Promise<std::string> text = keep->body.text();
  keep->body_wanted();
  return text;
}

Promise<std::string> Request::read() {
  const auto keep = exchange().shared_from_this();
  Promise<std::string> piece = keep->body.read();
  keep->body_wanted();
  return piece;
}

void Request::on_data(Function<void(Result<std::span<const std::byte>>)> fn) {
  const auto keep = exchange().shared_from_this();
  keep->body.on_data(std::move(fn));
  keep->body_wanted();
  keep->deliver_soon();
}

void Request::pause() noexcept { exchange().body.pause(); }

void Request::resume() {
  exchange().body.resume();
  exchange().deliver_soon();
}

}  // namespace contrail::inline v0::http
