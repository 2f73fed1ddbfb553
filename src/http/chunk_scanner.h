#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "src/http/head_scanner.h"

namespace contrail::inline v0::http {

/// Takes a chunked body apart (RFC 9112, 7.1): sizes in hexadecimal digits, CR LF after each line
/// and each piece, extensions and trailers checked, bounded, and ignored. Nothing is stored.
class ChunkScanner {
 public:
  enum class Outcome : std::uint8_t { more, piece, done, malformed, too_large, trailers_too_large };

  /// Trailers are scanned, and so bounded, by the scanner of the head they belong to.
  ChunkScanner(HeadScanner& trailers, std::size_t bytes_max, std::size_t extension_bytes_max)
      : trailers_(trailers), bytes_left_(bytes_max), extension_bytes_left_(extension_bytes_max) {}

  /// Takes from the front of input. `piece` sets piece(), and there may be more of it in input.
  Outcome next(std::string_view& input) noexcept;
  std::string_view piece() const noexcept { return piece_; }

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    size_line_feed,
    data,
    data_return,
    data_line_feed,
    trailers,
  };

  Outcome step(char c) noexcept;
  Outcome step_size(char c) noexcept;
  Outcome end_size_line() noexcept;
  Outcome scan_trailers(std::string_view& input) noexcept;
  Outcome need(bool matches, State next) noexcept {
    state_ = next;
    return matches ? Outcome::more : Outcome::malformed;
  }

  HeadScanner& trailers_;
  std::uint64_t bytes_left_;
  std::size_t extension_bytes_left_;
  std::uint64_t size_ = 0;  ///< Of the chunk; then what is left of it.
  std::string_view piece_;
  State state_ = State::size;
  std::uint8_t digits_ = 0;
};

}  // namespace contrail::inline v0::http
