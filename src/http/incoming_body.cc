#include "src/http/incoming_body.h"

#include <cerrno>
#include <utility>

namespace contrail::inline v0::http {

void IncomingBody::append(std::string_view piece) {
  if (!discarded_) buffer_.append(piece);
}

void IncomingBody::fail(Error error) {
  if (!ended()) failure_.emplace(std::move(error));
}

std::string IncomingBody::take() noexcept { return std::exchange(buffer_, {}); }

bool IncomingBody::has_news() const noexcept {
  return std::holds_alternative<Listener>(reader_) && (!buffer_.empty() || ended());
}

void IncomingBody::deliver() {
  if (std::holds_alternative<Listener>(reader_)) return deliver_to_listener();
  const bool enough = std::holds_alternative<Piece>(reader_) && !buffer_.empty();
  if (!awaited() || !(enough || ended())) return;
  auto reader = std::exchange(reader_, {});
  auto& resolver = std::holds_alternative<Text>(reader) ? std::get<Text>(reader).resolver
                                                        : std::get<Piece>(reader).resolver;
  if (failure_ && !enough) {
    buffer_.clear();
    resolver.reject(*failure_);
  } else {
    resolver.resolve(take());
  }
}

/// Between the two calls the function may have replaced itself, paused, or thrown.
void IncomingBody::deliver_to_listener() {
  if (paused_ || !has_news()) return;
  if (!buffer_.empty()) {
    const std::string piece = take();
    call_listener(std::as_bytes(std::span(piece)));
  }
  if (paused_ || !has_news()) return;
  auto last = std::get<Listener>(std::exchange(reader_, {}));
  last.context.run([&] { failure_ ? last.fn(*failure_) : last.fn(std::span<const std::byte>()); });
}

void IncomingBody::call_listener(std::span<const std::byte> piece) {
  struct Calling {
    IncomingBody& body;
    Listener listener = std::move(std::get<Listener>(body.reader_));
    ~Calling() {
      auto* place = std::get_if<Listener>(&body.reader_);
      if (place && !place->fn) *place = std::move(listener);
    }
  };
  Calling calling{*this};
  calling.listener.context.run([&] { calling.listener.fn(piece); });
}

template <class Waiter>
Promise<std::string> IncomingBody::wait() {
  // First: a hook that hears of it may itself read, or let go of the request.
  auto [promise, resolver] = Promise<std::string>::with_resolver();
  if (awaited()) {
    resolver.reject(Error(-EBUSY, "read"));
  } else if (discarded_) {
    resolver.reject(Error(-ECANCELED, "read"));
  } else {
    reader_ = Waiter{std::move(resolver)};
    deliver();
  }
  return std::move(promise);
}

Promise<std::string> IncomingBody::text() { return wait<Text>(); }
Promise<std::string> IncomingBody::read() { return wait<Piece>(); }

void IncomingBody::on_data(OnData fn) {
  decltype(reader_) replaced;  // Destroyed last: its destructor may call this again.
  if (!fn) {
    if (std::holds_alternative<Listener>(reader_)) replaced = std::exchange(reader_, {});
    return;
  }
  if (std::holds_alternative<Text>(reader_) || std::holds_alternative<Piece>(reader_)) {
    throw Error(-EBUSY, "read");
  }
  if (discarded_) fail(Error(-ECANCELED, "read"));
  replaced = std::exchange(reader_, Listener{std::move(fn), async_context::Snapshot()});
}

void IncomingBody::discard_unless_awaited() noexcept {
  if (awaited()) return;
  discarded_ = true;
  buffer_ = {};
}

std::size_t IncomingBody::waiting() const noexcept {
  return std::holds_alternative<Text>(reader_) ? 0 : buffer_.size();
}

}  // namespace contrail::inline v0::http
