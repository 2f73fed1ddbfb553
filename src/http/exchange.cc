#include "src/http/exchange.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "contrail/async_context.h"
#include "contrail/microtask.h"
#include "src/http/connection.h"

namespace contrail::inline v0::http {
namespace {

constexpr int internal_server_error = 500;
/// Beyond, a body is sent by itself rather than copied behind its head.
constexpr std::size_t copied_body_max = 64 * 1024;

}  // namespace

void die_moved_from(const char* what) noexcept {
  std::fprintf(stderr, "contrail: this %s was moved from\n", what);
  std::abort();
}

void Exchange::reset() noexcept {
  head.clear();
  body.reset();
  status = 200;
  headers.clear();
  connection = nullptr;
  head_sent = ended = lost = false;
  keep_alive = true;
  close_fn_ = nullptr;
}

std::string Exchange::open_head(std::optional<std::uint64_t> body_size) {
  ResponseHead opened =
      write_response_head({.status = status,
                           .to_head = head.method() == "HEAD",
                           .to_http_1_0 = head.minor_version == 0,
                           .keep_alive = head.keep_alive && connection->may_go_on(),
                           .wants_keep_alive_said = head.minor_version == 0,
                           .body_size = body_size},
                          headers, connection->date_line());
  head_sent = true;
  framing_ = opened.framing;
  length_left_ = opened.length;
  keep_alive = opened.keep_alive;
  return std::move(opened.text);
}

bool Exchange::append_piece(std::string& text, std::string piece) {
  if (piece.empty() || framing_ == Framing::none) return true;
  if (framing_ == Framing::length) {
    if (piece.size() > length_left_) return false;
    length_left_ -= piece.size();
  }
  if (framing_ == Framing::chunked) {
    fmt::format_to(std::back_inserter(text), "{:x}\r\n", piece.size());
    piece += "\r\n";
  }
  if (text.empty()) {
    text = std::move(piece);
  } else {
    text += piece;
  }
  return true;
}

Promise<void> Exchange::write(std::string chunk) {
  const auto self = shared_from_this();  // A hook that hears of the write may drop the Response.
  if (ended || !connection) {
    return Promise<void>::reject(Error(ended ? -EPIPE : -ECANCELED, "write", remote.to_string()));
  }
  std::string text;
  if (!head_sent) text = open_head(std::nullopt);
  if (!append_piece(text, std::move(chunk))) {
    connection->send(std::move(text));
    return Promise<void>::reject(
        std::length_error("http::Response: more was written than its Content-Length says"));
  }
  return connection->send_watched(std::move(text)).catch_error([self](std::exception_ptr error) {
    self->lost = true;
    try {
      std::rethrow_exception(std::move(error));
    } catch (const Error& failure) {
      if (self->connection) self->connection->close(failure);
      throw;
    }
  });
}

void Exchange::end(std::string last_piece) {
  const auto self = shared_from_this();
  if (std::exchange(ended, true) || !connection) return;
  std::string text;
  if (!head_sent) {
    text = open_head(last_piece.size());
    if (last_piece.size() > copied_body_max) connection->send(std::exchange(text, {}));
    if (!connection) return;  // A hook that heard of the write has closed it.
  }
  const bool fits = append_piece(text, std::move(last_piece));
  if (!fits || (framing_ == Framing::length && length_left_ > 0)) {
    return connection->close(Error(-EPROTO, "write", remote.to_string()));
  }
  if (framing_ == Framing::chunked) text += "0\r\n\r\n";
  if (!text.empty()) connection->send(std::move(text));
  if (connection && close_fn_) connection->when_sent(std::exchange(close_fn_, nullptr));
  if (connection) connection->response_ended();
}

void Exchange::on_close(Function<void()> fn) {
  close_fn_ = nullptr;
  if (!fn) return;
  close_fn_ = async_context::Snapshot::wrap(std::move(fn));
  if (ended || !connection) over();
}

void Exchange::over() {
  if (close_fn_) next_tick(std::exchange(close_fn_, nullptr));
}

void Exchange::give_up() {
  if (ended || !connection || !connection->is_open()) return;
  if (head_sent) {
    ended = true;
    return connection->close(Error(-ECANCELED, "write", remote.to_string()));
  }
  status = internal_server_error;
  headers.clear();
  end({});
}

bool Exchange::handler_failed(std::exception_ptr error) noexcept {
  give_up();
  try {
    std::rethrow_exception(std::move(error));
  } catch (const Error& failure) {
    const bool about_connection = failure.syscall() == "read" || failure.syscall() == "write";
    return lost && about_connection;
  } catch (...) {
    return false;
  }
}

void Exchange::body_wanted() {
  if (connection) connection->body_wanted();
}

void Exchange::deliver_soon() {
  if (!body.has_news()) return;
  next_tick([self = shared_from_this()] {
    if (self->connection) {
      self->connection->deliver_body();
    } else {
      self->body.deliver();
    }
  });
}

void Exchange::body_unwanted() noexcept {
  body.discard_unless_awaited();
  if (connection) connection->update_flow();
}

}  // namespace contrail::inline v0::http
