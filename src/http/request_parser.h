#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "src/http/chunk_scanner.h"
#include "src/http/head_scanner.h"
#include "src/http/request_head.h"

namespace contrail::inline v0::http {

struct ParserLimits {
  std::size_t header_bytes_max;
  std::size_t header_count_max;
  std::size_t body_bytes_max;
};

/// Takes the bytes of a connection apart into requests, however they were cut on their way.
///
/// Each call of next() tells one thing: a head, a piece of its body, its end. Requests of a
/// connection simply follow each other. After a failure there is no telling what comes next:
/// the connection has to end.
class RequestParser {
 public:
  enum class Event : std::uint8_t {
    more,    ///< All of input was taken.
    head,    ///< See head(); take it, its place is used again for the next one.
    piece,   ///< See piece(): a part of input.
    done,    ///< The request is complete, with nothing taken that follows it.
    failed,  ///< See failure(): the status that answers it.
  };

  explicit RequestParser(const ParserLimits& limits);

  /// Takes from the front of input.
  Event next(std::string_view& input);

  RequestHead& head() noexcept { return head_; }
  std::string_view piece() const noexcept { return piece_; }
  int failure() const noexcept { return failure_; }
  /// In the middle of a request.
  bool begun() const noexcept { return stage_ != Stage::head || scanner_.begun(); }

 private:
  enum class Stage : std::uint8_t { head, sized_body, chunked_body, end, failed };

  Event next_of_head(std::string_view& input);
  Event next_of_sized_body(std::string_view& input) noexcept;
  Event next_of_chunked_body(std::string_view& input) noexcept;
  Event take_head();
  Event finish() noexcept;
  Event fail(int status) noexcept;

  ParserLimits limits_;
  HeadScanner scanner_;
  std::optional<ChunkScanner> chunks_;
  RequestHead head_;
  std::string_view piece_;
  std::uint64_t body_left_ = 0;
  int failure_ = 0;
  Stage stage_ = Stage::head;
};

}  // namespace contrail::inline v0::http
