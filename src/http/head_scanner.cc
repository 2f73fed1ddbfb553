#include "src/http/head_scanner.h"

#include <algorithm>

#include "src/http/characters.h"

namespace contrail::inline v0::http {
namespace {

/// 'd' stands for a digit.
constexpr std::string_view version_pattern = "HTTP/d.d";
constexpr std::size_t major_at = 5;
constexpr std::size_t minor_at = 7;

}  // namespace

void HeadScanner::start_request() noexcept { *this = HeadScanner(bytes_max_, count_max_); }

void HeadScanner::start_trailers() noexcept {
  const std::size_t count = count_;
  start_request();
  count_ = count;
  state_ = State::field_start;
}

HeadScanner::Outcome HeadScanner::scan(std::string_view& input) noexcept {
  const std::size_t allowed = std::min(input.size(), bytes_max_ - bytes_);
  std::size_t at = 0;
  Outcome outcome = Outcome::more;
  while (at < allowed && outcome == Outcome::more) {
    if (state_ == State::field_value) {
      at += run_of(in_value, input.substr(at, allowed - at));
      if (at == allowed) break;
    }
    outcome = step(input[at++]);
  }
  bytes_ += at;
  input.remove_prefix(at);
  if (outcome == Outcome::more && bytes_ == bytes_max_) return Outcome::too_large;
  return outcome;
}

HeadScanner::Outcome HeadScanner::step(char c) noexcept {
  switch (state_) {
    case State::before_request:
      if (c == '\r' && !has_empty_line_) return go(State::empty_line_feed);
      return need(is(in_method, c), State::method);
    case State::empty_line_feed:
      has_empty_line_ = true;
      return need(c == '\n', State::before_request);
    case State::method:
      if (c == ' ') return go(State::target);
      return need(is(in_method, c), State::method);
    case State::target:
      if (c == ' ' && has_target_) return go(State::version);
      has_target_ = true;
      return need(is(in_target, c), State::target);
    case State::version: return step_version(c);
    case State::request_line_feed:
      if (c == '\n' && !version_known_) return Outcome::unknown_version;
      return need(c == '\n', State::field_start);
    case State::field_start:
      if (c == '\r') return go(State::last_line_feed);
      return need(is(in_token, c), State::field_name);
    case State::field_name:
      if (c != ':') return need(is(in_token, c), State::field_name);
      if (++count_ > count_max_) return Outcome::too_large;
      return go(State::field_value);
    case State::field_value: return need(c == '\r', State::field_line_feed);
    case State::field_line_feed: return need(c == '\n', State::field_start);
    case State::last_line_feed: return c == '\n' ? Outcome::done : Outcome::malformed;
  }
  return Outcome::malformed;
}

HeadScanner::Outcome HeadScanner::step_version(char c) noexcept {
  if (version_at_ == version_pattern.size()) return need(c == '\r', State::request_line_feed);
  const char wanted = version_pattern[version_at_];
  if (version_at_ == major_at) version_known_ = c == '1';
  if (version_at_ == minor_at) version_known_ = version_known_ && (c == '0' || c == '1');
  ++version_at_;
  return need(wanted == 'd' ? c >= '0' && c <= '9' : c == wanted, State::version);
}

}  // namespace contrail::inline v0::http
