#include "contrail/hooks/signal_text.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace contrail::inline v0::hooks {

namespace {

constexpr std::size_t quoted_bytes_max = 256;

struct Unit {
  std::string_view name;
  std::uint64_t nanoseconds;
  std::uint64_t until;  ///< From here on the next unit says it better.
};
constexpr std::uint64_t second = 1'000'000'000;
constexpr Unit units[] = {{" ns", 1, 1'000},
                          {" us", 1'000, 1'000'000},
                          {" ms", 1'000'000, second},
                          {" s", second, 600 * second},
                          {" min", 60 * second, 36'000 * second},
                          {" h", 3'600 * second, ~std::uint64_t{0}}};

void append(std::string& to, std::string_view text) noexcept {
  try {
    to.append(text);
  } catch (const std::bad_alloc&) {
    // Dropped, as what a descriptor does not take.
  }
}

void write_all(int fd, std::string_view text) noexcept {
  const int saved_errno = errno;
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno != EINTR) break;
    if (written > 0) text.remove_prefix(static_cast<std::size_t>(written));
  }
  errno = saved_errno;
}

/// Not in the midst of a character of UTF-8.
std::size_t before_cut(std::string_view whole) noexcept {
  std::size_t size = quoted_bytes_max;
  const auto continues = [&] { return (static_cast<unsigned char>(whole[size]) & 0xc0) == 0x80; };
  while (size > quoted_bytes_max - 3 && continues()) --size;
  return size;
}

}  // namespace

SignalText& SignalText::text(std::string_view text) noexcept {
  while (!text.empty()) {
    if (used_ == buffer_.size()) flush();
    const std::size_t size = std::min(text.size(), buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, text.data(), size);
    used_ += size;
    text.remove_prefix(size);
  }
  return *this;
}

SignalText& SignalText::quoted(std::string_view whole) noexcept {
  const std::size_t size = whole.size() > quoted_bytes_max ? before_cut(whole) : whole.size();
  return text("\"").escaped(whole.substr(0, size)).text(size < whole.size() ? "\"..." : "\"");
}

SignalText& SignalText::escaped(std::string_view plain) noexcept {
  for (const char& each : plain) {
    const auto code = static_cast<unsigned char>(each);
    if (each == '"' || each == '\\') {
      text("\\").text({&each, 1});
    } else if (each == '\n') {
      text("\\n");
    } else if (code < 0x20 || code == 0x7f) {
      text(code < 0x10 ? "\\x0" : "\\x").digits(code, 16);
    } else {
      text({&each, 1});
    }
  }
  return *this;
}

SignalText& SignalText::digits(std::uint64_t value, unsigned base) noexcept {
  std::array<char, 20> reversed;
  std::size_t first = reversed.size();
  do {
    reversed[--first] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  return text({reversed.data() + first, reversed.size() - first});
}

SignalText& SignalText::hex(std::uint64_t value) noexcept { return text("0x").digits(value, 16); }

SignalText& SignalText::duration(std::chrono::nanoseconds length) noexcept {
  if (length.count() < 0) length = length.zero();
  const auto count = static_cast<std::uint64_t>(length.count());
  const Unit& unit = *std::find_if(std::begin(units), std::end(units),
                                   [count](const Unit& each) { return count < each.until; });
  const std::uint64_t whole = count / unit.nanoseconds;
  const std::uint64_t tenths = count % unit.nanoseconds * 10 / unit.nanoseconds;
  digits(whole);
  if (whole < 10 && tenths != 0) text(".").digits(tenths);
  return text(unit.name);
}

void SignalText::flush() noexcept {
  const std::string_view text(buffer_.data(), std::exchange(used_, 0));
  if (size_) {
    const std::size_t size = std::min(text.size(), memory_.size() - *size_);
    std::memcpy(memory_.data() + *size_, text.data(), size);
    *size_ += size;
  } else if (to_) {
    append(*to_, text);
  } else {
    write_all(fd_, text);
  }
}

}  // namespace contrail::inline v0::hooks
