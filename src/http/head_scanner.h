#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace contrail::inline v0::http {

/// Finds the end of a head, byte by byte as it arrives, and stops at the first byte that a strict
/// reader of RFC 9112 would not accept there.
///
/// llhttp 8.1, which reads heads after it, lets too much through even in strict mode: folded
/// lines, lone CRs, HTTP/0.9. Where two readers of one request may disagree about where it ends,
/// the next one can be smuggled in.
class HeadScanner {
 public:
  enum class Outcome : std::uint8_t { more, done, malformed, too_large, unknown_version };

  HeadScanner(std::size_t bytes_max, std::size_t count_max) noexcept
      : bytes_max_(bytes_max), count_max_(count_max) {}

  /// Expects a request line, then fields.
  void start_request() noexcept;
  /// Expects fields only, up to an empty line; they add to the count of the head's.
  void start_trailers() noexcept;

  /// Takes what belongs to the head from the front of input. After any outcome but `more` it must
  /// be started again.
  Outcome scan(std::string_view& input) noexcept;

  /// Something of the request line has been seen.
  bool begun() const noexcept { return state_ > State::empty_line_feed; }

 private:
  enum class State : std::uint8_t {
    before_request,  ///< One empty line may precede it.
    empty_line_feed,
    method,
    target,
    version,
    request_line_feed,
    field_start,
    field_name,
    field_value,
    field_line_feed,
    last_line_feed,
  };

  Outcome step(char c) noexcept;
  Outcome step_version(char c) noexcept;
  Outcome go(State next) noexcept {
    state_ = next;
    return Outcome::more;
  }
  Outcome need(bool matches, State next) noexcept {
    return matches ? go(next) : Outcome::malformed;
  }

  std::size_t bytes_max_;
  std::size_t count_max_;
  std::size_t bytes_ = 0;
  std::size_t count_ = 0;
  State state_ = State::before_request;
  bool has_empty_line_ = false;
  bool has_target_ = false;
  bool version_known_ = true;
  std::uint8_t version_at_ = 0;
};

}  // namespace contrail::inline v0::http
