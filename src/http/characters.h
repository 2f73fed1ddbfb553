#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace contrail::inline v0::http {

/// What a byte may be part of, by the letter of RFC 9110 and 9112.
enum CharacterClass : std::uint8_t {
  in_token = 1,    ///< A name: a method, a field.
  in_value = 2,    ///< A field's value: everything but control characters, except HT.
  in_target = 4,   ///< A request target: visible ASCII, without a fragment's '#'.
  in_host = 8,     ///< Host: a name or an address, and a port.
  in_method = 16,  ///< A method that anybody has defined.
};

namespace detail {

constexpr bool contains(std::string_view set, char c) { return set.find(c) != set.npos; }

constexpr std::array<std::uint8_t, 256> classify() {
  std::array<std::uint8_t, 256> classes{};
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const bool upper = c >= 'A' && c <= 'Z';
    const bool word = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool visible = byte > 0x20 && byte < 0x7f;
    unsigned all = 0;
    if (word || (visible && contains("!#$%&'*+-.^_`|~", c))) all |= in_token;
    if (byte == '\t' || (byte >= 0x20 && byte != 0x7f)) all |= in_value;
    if (visible && c != '#') all |= in_target;
    if (word || (visible && contains("-._~!$&'()*+;=:[]%", c))) all |= in_host;
    if (upper || c == '-' || c == '_') all |= in_method;
    classes[static_cast<std::size_t>(byte)] = static_cast<std::uint8_t>(all);
  }
  return classes;
}

inline constexpr std::array<std::uint8_t, 256> character_classes = classify();

}  // namespace detail

constexpr bool is(CharacterClass wanted, char c) noexcept {
  return detail::character_classes[static_cast<unsigned char>(c)] & wanted;
}

/// How many bytes at the front of text are of that class.
constexpr std::size_t run_of(CharacterClass wanted, std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size() && is(wanted, text[size])) ++size;
  return size;
}

constexpr bool consists_of(CharacterClass wanted, std::string_view text) noexcept {
  return run_of(wanted, text) == text.size();
}

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// Names match whatever their case.
constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  }
  return true;
}

constexpr std::string_view without_blanks(std::string_view text) noexcept {
  constexpr std::string_view blanks = " \t";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace contrail::inline v0::http
