#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace contrail::trace {

/// Where a report goes: a file, or standard output.
class Output {
 public:
  explicit Output(const std::string& path);  ///< Empty: standard output. Throws std::system_error.
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  template <class... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
    flush_if_full();
  }
  /// For what is no text: append to it, then call flush_if_full().
  std::string& buffer() noexcept { return text_; }
  void flush_if_full() {
    if (text_.size() >= buffer_bytes) flush();
  }
  /// Throws std::system_error if anything could not be written.
  void flush();

 private:
  static constexpr std::size_t buffer_bytes = 1 << 16;

  std::string path_;
  std::FILE* file_;
  std::string text_;
};

/// "1.25 ms": three digits and a unit. Of a count of nanoseconds.
std::string duration_text(std::uint64_t nanoseconds);

}  // namespace contrail::trace
