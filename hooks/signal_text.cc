#include "contrail/hooks/signal_text.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

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
  std::size_t done = 0;
  if (to_) try {
      to_->append(buffer_.data(), used_);
    } catch (const std::bad_alloc&) {
      // Dropped, as what a descriptor does not take.
    }
  const int saved_errno = errno;
  while (!to_ && done < used_) {
    const ssize_t written = ::write(fd_, buffer_.data() + done, used_ - done);
    if (written < 0 && errno != EINTR) break;
    if (written > 0) done += static_cast<std::size_t>(written);
  }
  errno = saved_errno;
  used_ = 0;
}

}  // namespace contrail::inline v0::hooks
