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
  text("\"");
  for (const char& each : whole.substr(0, quoted_bytes_max)) {
    const auto code = static_cast<unsigned char>(each);
    text(code < 0x20 || code == 0x7f ? std::string_view("?") : std::string_view(&each, 1));
  }
  return text(whole.size() > quoted_bytes_max ? "\"..." : "\"");
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
