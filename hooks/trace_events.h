#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "contrail/resource_info.h"
#include "hooks/trace_file.h"

namespace contrail::inline v0::hooks {

/// Nanoseconds since the trace began. No two events of a trace share one, so what happens inside
/// something else also lies inside it.
using TraceTime = std::int64_t;

/// The events of one thread, as the Trace Event Format spells them.
class TraceEvents {
 public:
  TraceEvents(TraceFile& file, std::string_view process_name, std::string_view thread_name);

  /// type_name is a JSON string, here and below.
  void resource_begins(TraceTime at, AsyncId id, AsyncId trigger, const std::string& type_name,
                       std::string_view more_arguments);
  void resource_resolves(TraceTime at, AsyncId id, const std::string& type_name);
  void resource_ends(TraceTime at, AsyncId id, const std::string& type_name);
  void callback(TraceTime begin, TraceTime end, AsyncId id, AsyncId trigger,
                const std::string& type_name);
  /// The code that runs the loop, which is no resource.
  void root(TraceTime begin, TraceTime end);
  /// Both ends must lie within callbacks.
  void arrow(TraceTime from, TraceTime to, AsyncId id);
  void full(TraceTime at);

 private:
  void name(std::string_view kind, std::string_view name);

  TraceFile& file_;
  const std::uint64_t loop_;  ///< Its number: part of all ids, so that traces can be joined.
  std::string where_;         ///< "pid":…,"tid":…
};

}  // namespace contrail::inline v0::hooks
