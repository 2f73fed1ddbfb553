#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "contrail/resource_info.h"
#include "contrail/timers.h"

namespace contrail::inline v0::hooks {

/// Nanoseconds since the trace began. No two events of a trace share one, so what happens inside
/// something else also lies inside it.
using TraceTime = std::int64_t;

/// A resource as it appears in a trace.
struct TracedResource {
  AsyncId id;
  AsyncId trigger;
  std::uint32_t type;     ///< See TraceSink::new_type().
  std::uint32_t site;     ///< See TraceSink::new_site().
  std::uint64_t request;  ///< 0: none.
  std::uint32_t track;    ///< For the sink, which sets it as the resource begins.
};

/// A callback that has ended, and the resources it caused.
struct TracedCallback {
  TracedResource resource;
  bool is_caused;  ///< It is one of those that somebody caused, running for the first time.
  std::span<const AsyncId> caused;
};

/// What a resource shows of itself.
struct TraceArguments {
  const Timeout::Details* timer;
  std::string_view details;  ///< In the user's words; empty: none.
};

struct TraceTotals {
  std::uint64_t max_events;
  std::uint64_t dropped_events;
  std::uint64_t dropped_arrows;
};

/// A format of traces. Numbers of types and sites are announced before they are used.
class TraceSink {
 public:
  /// Types that came when there were too many, and places that are unknown.
  static constexpr std::uint32_t other_type = 0;
  static constexpr std::uint32_t no_site = 0;

  virtual ~TraceSink() = default;

  virtual void new_type(std::uint32_t type, std::string_view name) = 0;
  virtual void new_site(std::uint32_t site, std::string_view file, unsigned line) = 0;

  virtual void resource_begins(TraceTime at, TracedResource& resource,
                               const TraceArguments& arguments) = 0;
  virtual void resource_resolves(TraceTime at, const TracedResource& resource) = 0;
  virtual void resource_ends(TraceTime at, const TracedResource& resource) = 0;
  /// Told when it ends, in the order of the ends.
  virtual void callback(TraceTime begin, TraceTime end, const TracedCallback& callback) = 0;
  /// The code that runs the loop, which is no resource.
  virtual void root(TraceTime begin, TraceTime end, std::span<const AsyncId> caused) = 0;
  /// A resource has caused another one while it was not running itself.
  virtual void causes(TraceTime at, const TracedResource& cause, AsyncId caused) = 0;
  /// From a moment in the callback of a resource's cause to one in its own.
  virtual void arrow(TraceTime from, TraceTime to, AsyncId id) = 0;
  virtual void full(TraceTime at) = 0;

  virtual std::size_t buffered_bytes() const noexcept = 0;
  /// Writes what has gathered. The last time with all that there is to say about the whole.
  virtual void flush(const TraceTotals& totals, bool is_last) = 0;
  /// Throws Error if something could not be written.
  virtual void throw_if_failed() const = 0;
};

}  // namespace contrail::inline v0::hooks
