#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace contrail::conformance {

/// How far a long run is, on standard error: a line that is written over and over on a terminal,
/// elsewhere a line now and then.
class Progress {
 public:
  explicit Progress(std::uint64_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress() { clear(); }

  void show(std::uint64_t done, std::uint64_t differences);
  /// Before anything else is printed.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  const std::uint64_t total_;
  const bool is_terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point shown_ = start_;
  bool is_dirty_ = false;  ///< The terminal's line has something on it.
};

}  // namespace contrail::conformance
