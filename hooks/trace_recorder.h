#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "contrail/resource_info.h"
#include "hooks/trace_events.h"
#include "hooks/trace_file.h"

namespace contrail::inline v0::hooks {

struct TraceLimits {
  std::uint64_t max_events;
  std::size_t buffer_bytes;
};

/// Makes slices and arrows of what happens to resources. What it remembers is what is alive: the
/// resources that are in the trace, and the callbacks that are running.
class TraceRecorder {
 public:
  /// Throws Error if the file cannot be opened and written.
  TraceRecorder(const std::filesystem::path& path, TraceLimits limits,
                std::string_view process_name, std::string_view thread_name);

  /// `more_arguments` continues a JSON object.
  void init(const ResourceInfo& made, std::string_view more_arguments);
  void before(AsyncId id);
  void after(AsyncId id);
  void destroy(AsyncId id);
  void promise_resolve(AsyncId id);

  /// Ends whatever is open and completes the file. What comes later is ignored.
  void finish();

  const TraceFile& file() const noexcept { return file_; }
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr TraceTime never = 0;

  /// A resource between its b and its e.
  struct Resource {
    const std::string* type;  ///< As a JSON string.
    AsyncId trigger;
    TraceTime origin;       ///< A moment in the callback that caused it, or never.
    TraceTime run = never;  ///< A moment in its own latest callback.
  };
  /// A callback that is running.
  struct Running {
    AsyncId id;
    AsyncId trigger;
    const std::string* type;
    TraceTime begin;
    bool recorded;
  };
  /// The code outside the loop: from the first to the last resource it makes between callbacks.
  struct Root {
    TraceTime begin = never;
    TraceTime latest = never;
    TraceTime run = never;  ///< Like Resource::run.
  };

  TraceTime now();
  bool take(std::uint64_t events);
  Resource* find(AsyncId id);
  TraceTime origin_of(AsyncId trigger);
  void leave_root();
  void end_innermost();
  const std::string* type_name(std::string_view type);
  void flush();
  void flush_if_due();

  TraceFile file_;
  TraceEvents events_;
  const TraceLimits limits_;
  const Clock::time_point start_ = Clock::now();
  TraceTime latest_ = never;
  TraceTime flushed_ = never;
  std::uint64_t taken_ = 0;
  std::uint64_t dropped_ = 0;
  bool full_ = false;
  bool finished_ = false;
  std::map<std::string, std::string, std::less<>> type_names_;
  std::unordered_map<AsyncId, Resource> resources_;
  std::vector<Running> running_;  ///< Innermost last.
  Root root_;
};

}  // namespace contrail::inline v0::hooks
