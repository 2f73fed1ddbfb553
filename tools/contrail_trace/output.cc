#include "tools/contrail_trace/output.h"

#include <cerrno>
#include <string_view>
#include <system_error>

namespace contrail::trace {

Output::Output(const std::string& path)
    : path_(path), file_(path.empty() ? stdout : std::fopen(path.c_str(), "wbe")) {
  if (!file_) throw std::system_error(errno, std::generic_category(), path_);
}

Output::~Output() {
  if (file_ != stdout) std::fclose(file_);
}

void Output::flush() {
  const bool written = std::fwrite(text_.data(), 1, text_.size(), file_) == text_.size();
  text_.clear();
  if (!written || std::fflush(file_) != 0) {
    const std::string name = path_.empty() ? "standard output" : path_;
    throw std::system_error(errno, std::generic_category(), name);
  }
}

std::string duration_text(std::uint64_t nanoseconds) {
  constexpr std::string_view units[] = {"ns", "us", "ms", "s"};
  auto value = static_cast<double>(nanoseconds);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(units)) {
    value /= 1000;
    ++unit;
  }
  const int digits = unit == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f} {}", value, digits, units[unit]);
}

}  // namespace contrail::trace
