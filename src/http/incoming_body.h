#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "contrail/async_context.h"
#include "contrail/error.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/result.h"

namespace contrail::inline v0::http {

/// The body of a request between the client, who sends it when it likes, and the handler, who reads
/// it when it likes.
class IncomingBody {
 public:
  using OnData = Function<void(Result<std::span<const std::byte>>)>;

  // The client's side. Nothing of the handler's runs before deliver().
  void append(std::string_view piece);
  void complete() noexcept { complete_ = true; }
  void fail(Error error);
  /// Hands over what has arrived to whoever waits for it. Calls the handler's function.
  void deliver();
  /// Somebody waits for it.
  bool awaited() const noexcept { return !std::holds_alternative<std::monostate>(reader_); }
  /// deliver() has something to hand over to a function.
  bool has_news() const noexcept;

  // The handler's side.
  Promise<std::string> text();
  Promise<std::string> read();
  void on_data(OnData fn);
  void pause() noexcept { paused_ = true; }
  void resume() noexcept { paused_ = false; }

  /// Drops what nobody waits for, now and from now on.
  void discard_unless_awaited() noexcept;
  /// How much waits although nobody may ever want it: text() takes everything.
  std::size_t waiting() const noexcept;
  bool is_complete() const noexcept { return complete_; }
  /// For the next request.
  void reset() noexcept { *this = IncomingBody(); }

 private:
  struct Text {
    Resolver<std::string> resolver;
  };
  struct Piece {
    Resolver<std::string> resolver;
  };
  struct Listener {
    OnData fn;
    async_context::Snapshot context;
  };

  bool ended() const noexcept { return complete_ || failure_; }
  std::string take() noexcept;
  template <class Waiter>
  Promise<std::string> wait();
  void deliver_to_listener();
  void call_listener(std::span<const std::byte> piece);

  std::string buffer_;
  std::variant<std::monostate, Text, Piece, Listener> reader_;
  std::optional<Error> failure_;
  bool complete_ = false;
  bool paused_ = false;
  bool discarded_ = false;
};

}  // namespace contrail::inline v0::http
