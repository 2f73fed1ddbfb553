#include "contrail/http/response.h"

#include <fmt/format.h>

#include <stdexcept>

#include "src/http/connection.h"

namespace contrail::inline v0::http {
namespace {

constexpr int lowest_status = 200;  // Below are interim ones, which are the server's business.
constexpr int highest_status = 999;

void must_not_be_sent(const Exchange& exchange) {
  if (exchange.head_sent) throw std::logic_error("http::Response: its head has been sent");
}

}  // namespace

Response& Response::operator=(Response&& other) noexcept {
  if (this != &other) {
    let_go();
    exchange_ = std::move(other.exchange_);
  }
  return *this;
}

Response::~Response() { let_go(); }

void Response::let_go() noexcept {
  if (auto exchange = std::move(exchange_)) exchange->give_up();
}

Exchange& Response::exchange() const noexcept {
  if (!exchange_) die_moved_from("http::Response");
  return *exchange_;
}

Response& Response::status(int code) {
  must_not_be_sent(exchange());
  if (code < lowest_status || code > highest_status) {
    throw std::invalid_argument(fmt::format("http::Response: {} is no status to end with", code));
  }
  exchange().status = code;
  return *this;
}

int Response::status() const noexcept { return exchange().status; }

Headers& Response::headers() {
  must_not_be_sent(exchange());
  return exchange().headers;
}

const Headers& Response::headers() const noexcept { return exchange().headers; }

Promise<void> Response::write(std::string chunk) { return exchange().write(std::move(chunk)); }
void Response::end(std::string body) { exchange().end(std::move(body)); }

void Response::on_close(Function<void()> fn) { exchange().on_close(std::move(fn)); }

bool Response::head_sent() const noexcept { return exchange().head_sent; }
bool Response::ended() const noexcept { return exchange().ended; }
bool Response::is_open() const noexcept { return exchange().connection != nullptr; }

}  // namespace contrail::inline v0::http
