#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "contrail/detail/export.h"

namespace contrail::inline v0::hooks {

/// Text for a descriptor, put together without memory, locks or locale: a signal handler may write
/// it, also where it has interrupted malloc(). Reaches the descriptor at the latest in the
/// destructor, by write(2); what cannot be written is dropped.
///
///     hooks::SignalText(STDERR_FILENO).text("signal ").number(11).text("\n");
class CONTRAIL_API SignalText {
 public:
  explicit SignalText(int fd) noexcept : fd_(fd) {}
  /// The same text for a string, which must outlive this. Not for signal handlers.
  explicit SignalText(std::string& to) noexcept : to_(&to) {}
  /// The same for memory: what does not fit is dropped. `size` is how much of it is used, so far.
  SignalText(std::span<char> to, std::size_t& size) noexcept : memory_(to), size_(&size) {}
  SignalText(const SignalText&) = delete;
  SignalText& operator=(const SignalText&) = delete;
  ~SignalText() { flush(); }

  SignalText& text(std::string_view text) noexcept;
  /// In quotes, and escaped, so that no value looks like more than one. Of what is longer than 256
  /// bytes the rest is dropped: `"xxx"...`.
  SignalText& quoted(std::string_view text) noexcept;
  /// With a backslash before quotes and backslashes, and control characters as `\n` and `\x1b`.
  SignalText& escaped(std::string_view text) noexcept;
  template <std::integral Number>
  SignalText& number(Number value) noexcept {
    if constexpr (std::signed_integral<Number>) {
      if (value < 0) return text("-").digits(~static_cast<std::uint64_t>(value) + 1);
    }
    return digits(static_cast<std::uint64_t>(value));
  }
  SignalText& hex(std::uint64_t value) noexcept;  ///< With 0x in front.
  /// "350 ns", "2.1 ms", "17 s": two digits or more.
  SignalText& duration(std::chrono::nanoseconds length) noexcept;
  void flush() noexcept;

 private:
  SignalText& digits(std::uint64_t value, unsigned base = 10) noexcept;

  int fd_ = -1;
  std::string* to_ = nullptr;
  std::span<char> memory_ = {};
  std::size_t* size_ = nullptr;
  std::size_t used_ = 0;
  std::array<char, 512> buffer_;
};

}  // namespace contrail::inline v0::hooks
