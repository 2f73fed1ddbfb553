#include "contrail/http/headers.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "src/http/characters.h"

namespace contrail::inline v0::http {
namespace {

constexpr std::size_t shown_bytes = 40;
constexpr std::size_t longest_text = UINT32_MAX;

/// For messages: what is printable, and not too much of it.
std::string shown(std::string_view text) {
  std::string result;
  for (char c : text.substr(0, shown_bytes)) result += c >= ' ' && c < '\x7f' ? c : '?';
  return text.size() > shown_bytes ? result + "..." : result;
}

void check(std::string_view name, std::string_view value) {
  if (name.empty() || !consists_of(in_token, name)) {
    throw std::invalid_argument(
        fmt::format("http::Headers: \"{}\" cannot be the name of a header", shown(name)));
  }
  if (const std::size_t good = run_of(in_value, value); good < value.size()) {
    throw std::invalid_argument(
        fmt::format("http::Headers: the value of {} must not contain the byte {:#04x}", shown(name),
                    static_cast<unsigned char>(value[good])));
  }
}

}  // namespace

Headers::Headers(std::initializer_list<Field> fields) {
  for (const Field& field : fields) add(field.name, field.value);
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  for (const Place& place : places_) {
    if (place.name_size != name.size()) continue;
    const Field found = field(place);
    if (same_name(found.name, name)) return found.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::values(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const Field& field : *this) {
    if (same_name(field.name, name)) values.push_back(field.value);
  }
  return values;
}

/// Checks both and appends them to text_. They may be views of it.
Headers::Place Headers::place(std::string_view name, std::string_view value) {
  value = without_blanks(value);
  check(name, value);
  const std::size_t at = text_.size();
  const std::size_t more = name.size() + value.size();
  if (more > longest_text || at > longest_text - more) {
    throw std::length_error("http::Headers: more than 4 GiB");
  }
  std::string both;
  both.reserve(more);
  both.append(name).append(value);
  text_ += both;
  const auto short_at = static_cast<std::uint32_t>(at);
  const auto name_size = static_cast<std::uint32_t>(name.size());
  return {short_at, name_size, short_at + name_size, static_cast<std::uint32_t>(value.size())};
}

Headers& Headers::set(std::string_view name, std::string_view value) {
  const Place added = place(name, value);
  name = field(added).name;
  auto is_old = [&](const Place& old) { return same_name(field(old).name, name); };
  auto first = std::find_if(places_.begin(), places_.end(), is_old);
  if (first == places_.end()) {
    places_.push_back(added);
  } else {
    *first = added;
    places_.erase(std::remove_if(first + 1, places_.end(), is_old), places_.end());
  }
  return *this;
}

Headers& Headers::add(std::string_view name, std::string_view value) {
  places_.push_back(place(name, value));
  return *this;
}

std::size_t Headers::remove(std::string_view name) {
  return std::erase_if(places_, [&](const Place& old) { return same_name(field(old).name, name); });
}

void Headers::clear() noexcept {
  text_.clear();
  places_.clear();
}

}  // namespace contrail::inline v0::http
