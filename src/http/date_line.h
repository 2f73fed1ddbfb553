#pragma once

#include <array>
#include <ctime>
#include <string_view>

namespace contrail::inline v0::http {

/// "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", written once per second.
class DateLine {
 public:
  /// Valid until the next call.
  std::string_view now();
  std::string_view at(std::time_t time);

 private:
  static constexpr std::size_t line_size = 37;
  std::array<char, line_size> line_{};
  std::time_t time_ = -1;
};

}  // namespace contrail::inline v0::http
