#include "test/conformance/suite/json_position.h"

#include <fmt/core.h>

#include <algorithm>

namespace contrail::conformance {
namespace {

/// Walks over JSON that is known to be valid: it only has to find where things end.
class Skipper {
 public:
  Skipper(std::string_view text, std::size_t offset) : text_(text), offset_(offset) {}

  std::size_t offset() const { return offset_; }
  char next() {
    skip_while(" \t\r\n");
    return offset_ < text_.size() ? text_[offset_] : '\0';
  }
  void skip_one() { offset_ = std::min(offset_ + 1, text_.size()); }

  void skip_value() {
    std::size_t depth = 0;
    do {
      const char first = next();
      if (first == '\0') return;
      if (first == '[' || first == '{') ++depth;
      if (first == ']' || first == '}') --depth;
      if (first == '"') {
        skip_string();
      } else if (is_mark(first)) {
        skip_one();
      } else {
        skip_scalar();
      }
    } while (depth > 0);
  }

  std::string_view skip_string() {
    const std::size_t start = offset_;
    skip_one();
    while (offset_ < text_.size() && text_[offset_] != '"') {
      if (text_[offset_] == '\\') skip_one();
      skip_one();
    }
    skip_one();
    return text_.substr(start, offset_ - start);
  }

 private:
  static bool is_mark(char c) {
    return std::string_view("[]{},:").find(c) != std::string_view::npos;
  }
  void skip_while(std::string_view characters) {
    offset_ = std::min(text_.find_first_not_of(characters, offset_), text_.size());
  }
  void skip_scalar() {
    offset_ = std::min(text_.find_first_of(" \t\r\n[]{},:\"", offset_), text_.size());
  }

  std::string_view text_;
  std::size_t offset_;
};

std::size_t offset_of_index(Skipper array, std::size_t index) {
  array.next();
  array.skip_one();  // the bracket
  for (std::size_t i = 0; i < index; ++i) {
    array.skip_value();
    array.next();
    array.skip_one();  // the comma
  }
  array.next();
  return array.offset();
}

/// Of several members of one key, the last one counts.
std::size_t offset_of_key(Skipper object, std::string_view key) {
  const std::string quoted = fmt::format("\"{}\"", key);
  std::size_t found = object.offset();
  object.next();
  object.skip_one();  // the brace
  while (object.next() == '"') {
    const bool is_it = object.skip_string() == quoted;
    object.next();
    object.skip_one();  // the colon
    object.next();
    if (is_it) found = object.offset();
    object.skip_value();
    if (object.next() == ',') object.skip_one();
  }
  return found;
}

}  // namespace

std::size_t offset_of(std::string_view text, const JsonPath& path) {
  Skipper document(text, 0);
  document.next();
  std::size_t offset = document.offset();
  for (const auto& step : path) {
    const Skipper element(text, offset);
    const auto* index = std::get_if<std::size_t>(&step);
    offset = index ? offset_of_index(element, *index)
                   : offset_of_key(element, std::get<std::string>(step));
  }
  return offset;
}

std::string line_and_column(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  const std::string_view line = before.substr(line_start);
  const auto is_first_byte = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  return fmt::format("{}:{}", lines + 1,
                     std::count_if(line.begin(), line.end(), is_first_byte) + 1);
}

}  // namespace contrail::conformance
