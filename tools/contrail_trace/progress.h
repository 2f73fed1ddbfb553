#pragma once

#include <cstdint>

namespace contrail::trace {

/// A bar on stderr, if that is a terminal and there is enough to do to wait for it.
class Progress {
 public:
  explicit Progress(std::uint64_t records);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  ///< Wipes it.

  void turn(std::uint64_t passed);

 private:
  std::uint64_t records_;
  int percent_ = -1;
  bool shown_;
};

}  // namespace contrail::trace
