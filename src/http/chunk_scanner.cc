#include "src/http/chunk_scanner.h"

#include <algorithm>

#include "src/http/characters.h"

namespace contrail::inline v0::http {
namespace {

/// So many cannot overflow, leading zeros included.
constexpr int digits_max = 15;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

ChunkScanner::Outcome ChunkScanner::next(std::string_view& input) noexcept {
  while (!input.empty()) {
    if (state_ == State::trailers) return scan_trailers(input);
    if (state_ == State::data) {
      piece_ = input.substr(0, std::min<std::uint64_t>(size_, input.size()));
      input.remove_prefix(piece_.size());
      size_ -= piece_.size();
      if (size_ == 0) state_ = State::data_return;
      return Outcome::piece;
    }
    const Outcome outcome = step(input.front());
    input.remove_prefix(1);
    if (outcome != Outcome::more) return outcome;
  }
  return Outcome::more;
}

ChunkScanner::Outcome ChunkScanner::step(char c) noexcept {
  switch (state_) {
    case State::size: return step_size(c);
    case State::extension:
      if (c == '\r') return need(true, State::size_line_feed);
      if (extension_bytes_left_-- == 0) return Outcome::too_large;
      return need(is(in_value, c), State::extension);
    case State::size_line_feed: return c == '\n' ? end_size_line() : Outcome::malformed;
    case State::data_return: return need(c == '\r', State::data_line_feed);
    case State::data_line_feed: return need(c == '\n', State::size);
    case State::data:
    case State::trailers: break;
  }
  return Outcome::malformed;
}

ChunkScanner::Outcome ChunkScanner::step_size(char c) noexcept {
  if (const int digit = hex_digit(c); digit >= 0) {
    size_ = size_ * 16 + static_cast<unsigned>(digit);
    return need(++digits_ <= digits_max, State::size);
  }
  if (digits_ == 0) return Outcome::malformed;
  return c == ';' ? need(true, State::extension) : need(c == '\r', State::size_line_feed);
}

ChunkScanner::Outcome ChunkScanner::end_size_line() noexcept {
  digits_ = 0;
  if (size_ > bytes_left_) return Outcome::too_large;
  bytes_left_ -= size_;
  if (size_ == 0) trailers_.start_trailers();
  return need(true, size_ == 0 ? State::trailers : State::data);
}

ChunkScanner::Outcome ChunkScanner::scan_trailers(std::string_view& input) noexcept {
  switch (trailers_.scan(input)) {
    case HeadScanner::Outcome::more: return Outcome::more;
    case HeadScanner::Outcome::done: return Outcome::done;
    case HeadScanner::Outcome::too_large: return Outcome::trailers_too_large;
    default: return Outcome::malformed;
  }
}

}  // namespace contrail::inline v0::http
