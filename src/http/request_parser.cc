#include "src/http/request_parser.h"

#include <algorithm>

namespace contrail::inline v0::http {
namespace {

constexpr int bad_request = 400;
constexpr int content_too_large = 413;
constexpr int fields_too_large = 431;
constexpr int version_not_supported = 505;

/// Of all chunks of a body together. Nobody uses them for anything but mischief.
constexpr std::size_t extension_bytes_max = 4096;

}  // namespace

RequestParser::RequestParser(const ParserLimits& limits)
    : limits_(limits), scanner_(limits.header_bytes_max, limits.header_count_max) {}

RequestParser::Event RequestParser::next(std::string_view& input) {
  switch (stage_) {
    case Stage::head: return next_of_head(input);
    case Stage::sized_body: return next_of_sized_body(input);
    case Stage::chunked_body: return next_of_chunked_body(input);
    case Stage::end: return finish();
    case Stage::failed: break;
  }
  return Event::failed;
}

RequestParser::Event RequestParser::next_of_head(std::string_view& input) {
  if (!scanner_.begun()) head_.clear();
  const std::string_view before = input;
  const HeadScanner::Outcome outcome = scanner_.scan(input);
  head_.text().append(before.substr(0, before.size() - input.size()));
  switch (outcome) {
    case HeadScanner::Outcome::more: return Event::more;
    case HeadScanner::Outcome::done: return take_head();
    case HeadScanner::Outcome::malformed: return fail(bad_request);
    case HeadScanner::Outcome::too_large: return fail(fields_too_large);
    case HeadScanner::Outcome::unknown_version: return fail(version_not_supported);
  }
  return fail(bad_request);
}

RequestParser::Event RequestParser::take_head() {
  if (const int status = head_.parse()) return fail(status);
  if (head_.content_length > limits_.body_bytes_max) return fail(content_too_large);
  if (head_.chunked) {
    chunks_.emplace(scanner_, limits_.body_bytes_max, extension_bytes_max);
    stage_ = Stage::chunked_body;
  } else {
    body_left_ = head_.content_length;
    stage_ = body_left_ > 0 ? Stage::sized_body : Stage::end;
  }
  return Event::head;
}

RequestParser::Event RequestParser::next_of_sized_body(std::string_view& input) noexcept {
  if (input.empty()) return Event::more;
  piece_ = input.substr(0, std::min<std::uint64_t>(body_left_, input.size()));
  input.remove_prefix(piece_.size());
  body_left_ -= piece_.size();
  if (body_left_ == 0) stage_ = Stage::end;
  return Event::piece;
}

RequestParser::Event RequestParser::next_of_chunked_body(std::string_view& input) noexcept {
  switch (chunks_->next(input)) {
    case ChunkScanner::Outcome::more: return Event::more;
    case ChunkScanner::Outcome::piece: piece_ = chunks_->piece(); return Event::piece;
    case ChunkScanner::Outcome::done: return finish();
    case ChunkScanner::Outcome::malformed: return fail(bad_request);
    case ChunkScanner::Outcome::too_large: return fail(content_too_large);
    case ChunkScanner::Outcome::trailers_too_large: return fail(fields_too_large);
  }
  return fail(bad_request);
}

RequestParser::Event RequestParser::finish() noexcept {
  scanner_.start_request();
  stage_ = Stage::head;
  return Event::done;
}

RequestParser::Event RequestParser::fail(int status) noexcept {
  failure_ = status;
  stage_ = Stage::failed;
  return Event::failed;
}

}  // namespace contrail::inline v0::http
