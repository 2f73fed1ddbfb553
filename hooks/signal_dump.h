#pragma once

#include <filesystem>
#include <string>

#include "hooks/flight_format.h"

namespace contrail::inline v0::hooks {

/// While it exists, a signal makes a copy of a recording, right in the handler, on whichever thread
/// that runs: also of a loop that hangs.
class SignalDump {
 public:
  /// `recording` has all of its file in memory, and outlives this. Throws Error if there is no such
  /// signal to be handled, and std::length_error if too many recordings wait for one.
  SignalDump(int signal, const std::filesystem::path& file, const FlightHeader& recording,
             std::size_t bytes);
  SignalDump(const SignalDump&) = delete;
  SignalDump& operator=(const SignalDump&) = delete;
  ~SignalDump();

  /// Where a copy is until it is complete.
  static std::filesystem::path unfinished(const std::filesystem::path& copy) {
    return std::filesystem::path(copy) += ".unfinished";
  }
  /// For the handler. Nothing but system calls.
  void write() const noexcept;
  int signal() const noexcept { return signal_; }

 private:
  bool write_to(int fd) const noexcept;

  int signal_;
  std::string file_;
  std::string unfinished_;  ///< Gets the other name when it is complete.
  const FlightHeader& recording_;
  std::size_t bytes_;
  std::uint64_t owner_;
};

}  // namespace contrail::inline v0::hooks
