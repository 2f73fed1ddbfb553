#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"

namespace contrail::inline v0::http {

/// The header fields of a message, in their order. Names match whatever their case; a name may
/// occur more than once.
///
///     response.headers().set("Content-Type", "text/plain").add("Set-Cookie", "a=1");
///     if (auto id = request.headers().get("x-request-id")) log(*id);
///     for (auto [name, value] : request.headers()) fmt::print("{}: {}\n", name, value);
///
/// What could break out of its line is refused: set() and add() throw std::invalid_argument for a
/// name that is no token (RFC 9110, 5.6.2) and for a value with a control character such as CR, LF
/// or NUL. Blanks around a value are dropped. Views stay valid until the next change.
class CONTRAIL_API Headers {
 public:
  struct Field {
    std::string_view name;
    std::string_view value;

    friend bool operator==(const Field&, const Field&) = default;
  };
  class Iterator;
  using value_type = Field;
  using iterator = Iterator;
  using const_iterator = Iterator;

  Headers() = default;
  Headers(std::initializer_list<Field> fields);

  /// The first value of that name.
  std::optional<std::string_view> get(std::string_view name) const noexcept;
  /// All values of that name, in their order.
  std::vector<std::string_view> values(std::string_view name) const;
  bool contains(std::string_view name) const noexcept { return get(name).has_value(); }

  /// Takes the place of all fields of that name, where the first of them was.
  Headers& set(std::string_view name, std::string_view value);
  /// Another field, after all others.
  Headers& add(std::string_view name, std::string_view value);
  /// How many there were.
  std::size_t remove(std::string_view name);
  void clear() noexcept;

  std::size_t size() const noexcept { return places_.size(); }
  bool empty() const noexcept { return places_.empty(); }
  Iterator begin() const noexcept;
  Iterator end() const noexcept;

 private:
  friend struct RequestHead;

  /// Where a field is in text_: the text may grow, and so move.
  struct Place {
    std::uint32_t name;
    std::uint32_t name_size;
    std::uint32_t value;
    std::uint32_t value_size;
  };

  Field field(const Place& place) const noexcept {
    const std::string_view text = text_;
    return {text.substr(place.name, place.name_size), text.substr(place.value, place.value_size)};
  }
  Place place(std::string_view name, std::string_view value);

  std::string text_;
  std::vector<Place> places_;
};

/// Yields Fields by value.
class Headers::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using iterator_concept = std::forward_iterator_tag;
  using value_type = Field;
  using difference_type = std::ptrdiff_t;
  using pointer = void;
  using reference = Field;

  Iterator() = default;
  Field operator*() const noexcept { return headers_->field(headers_->places_[at_]); }
  Iterator& operator++() noexcept {
    ++at_;
    return *this;
  }
  Iterator operator++(int) noexcept { return {headers_, at_++}; }
  friend bool operator==(const Iterator&, const Iterator&) = default;

 private:
  friend class Headers;
  Iterator(const Headers* headers, std::size_t at) noexcept : headers_(headers), at_(at) {}

  const Headers* headers_ = nullptr;
  std::size_t at_ = 0;
};

inline Headers::Iterator Headers::begin() const noexcept { return {this, 0}; }
inline Headers::Iterator Headers::end() const noexcept { return {this, places_.size()}; }

}  // namespace contrail::inline v0::http
