#include "src/http/date_line.h"

#include <fmt/format.h>

namespace contrail::inline v0::http {

std::string_view DateLine::now() { return at(std::time(nullptr)); }

std::string_view DateLine::at(std::time_t time) {
  // Not strftime: names are English whatever the locale.
  constexpr std::string_view days = "SunMonTueWedThuFriSat";
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (time != time_) {
    std::tm utc{};
    gmtime_r(&time, &utc);
    fmt::format_to_n(line_.begin(), line_size, "Date: {}, {:02} {} {:04} {:02}:{:02}:{:02} GMT\r\n",
                     days.substr(static_cast<std::size_t>(utc.tm_wday) * 3, 3), utc.tm_mday,
                     months.substr(static_cast<std::size_t>(utc.tm_mon) * 3, 3), utc.tm_year + 1900,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
    time_ = time;
  }
  return {line_.data(), line_size};
}

}  // namespace contrail::inline v0::http
