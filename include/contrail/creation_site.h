#pragma once

#include <cstdint>
#include <string_view>

namespace contrail::inline v0 {

/// Where in the source a resource was made, in one word: what std::source_location would be if all
/// our compilers had it. As a function's last parameter it tells where that function is called:
///
///     Promise<Row> query(std::string sql, CreationSite site = CreationSite::current());
///
/// Every function of contrail that makes a resource has one; pass yours on, and hooks see your
/// callers in place of you. A coroutine is made where it is written, unless its last parameter is a
/// CreationSite, which says otherwise. What a library makes for you, such as a vector in
/// emplace_back(), is made in the library: name the place yourself there, as the last argument.
class CreationSite {
 public:
  constexpr CreationSite() noexcept = default;  ///< Unknown.

  static CreationSite current(const char* file = __builtin_FILE(),
                              unsigned line = __builtin_LINE()) noexcept {
    return CreationSite(file, line);
  }

  /// The name as the compiler was given it; empty if unknown.
  std::string_view file() const noexcept {
    return word_ == 0 ? std::string_view{} : reinterpret_cast<const char*>(word_ & address_mask);
  }
  unsigned line() const noexcept { return static_cast<unsigned>(word_ >> address_bits); }
  explicit operator bool() const noexcept { return word_ != 0; }

  /// For maps: equal words are the same place. What a header makes may have several.
  std::uint64_t word() const noexcept { return word_; }
  friend bool operator==(CreationSite one, CreationSite other) noexcept {
    return one.word_ == other.word_ || (one.line() == other.line() && one.file() == other.file());
  }

 private:
  // Addresses of a program's own data leave the upper 16 bits free on the systems we know, and a
  // file has fewer lines than that: a longer one reads 65535 from there on.
  static constexpr unsigned address_bits = 48;
  static constexpr std::uint64_t address_mask = (std::uint64_t{1} << address_bits) - 1;
  static constexpr std::uint64_t last_line = 0xffff;

  CreationSite(const char* file, std::uint64_t line) noexcept
      : word_(reinterpret_cast<std::uintptr_t>(file) | (line < last_line ? line : last_line)
                                                           << address_bits) {}

  std::uint64_t word_ = 0;
};

}  // namespace contrail::inline v0
