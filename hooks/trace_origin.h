#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace contrail::inline v0::hooks {

/// Who wrote a trace, and since when.
struct TraceOrigin {
  std::chrono::steady_clock::time_point start;
  pid_t process;
  long thread;
  std::uint64_t loop;  ///< Its number: part of all ids, so that traces can be joined.
  std::string process_name;
  std::string thread_name;

  /// The current thread's Loop, now. Without a name, the process has that of its program.
  static TraceOrigin here(std::string_view process_name, std::string_view thread_name);
};

}  // namespace contrail::inline v0::hooks
