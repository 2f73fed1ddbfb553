#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/proto_writer.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_sink.h"

namespace contrail::inline v0::hooks {

/// The same moment on several clocks, in nanoseconds. 0: not known on that one.
struct PerfettoClocks {
  std::uint64_t monotonic;  ///< The one of the events.
  std::uint64_t boottime;   ///< Goes on while the machine sleeps; other traces use that one.
  std::uint64_t realtime;   ///< Since 1970.
};

/// The events of one thread as a stream of Perfetto's TracePackets, for whoever writes them: after
/// each call there are whole packets in the buffer, which may be taken from it then. What the calls
/// mean, TraceSink says. Needs no other part of this library: contrail-trace uses it, too.
///
/// Callbacks are slices of the thread's track. Resources overlap, which slices of one track must
/// not, so that each type has as many tracks as there were of it at a time: of one name, which the
/// viewer shows as one.
class PerfettoEvents {
 public:
  PerfettoEvents(std::string& buffer, const TraceOrigin& origin, const PerfettoClocks& clocks);

  void new_type(std::uint32_t type, std::string_view name);
  void new_site(std::uint32_t site, std::string_view file, unsigned line);

  void resource_begins(TraceTime at, TracedResource& resource, const TraceArguments& arguments);
  void resource_resolves(TraceTime at, const TracedResource& resource);
  void resource_ends(TraceTime at, const TracedResource& resource);
  void callback(TraceTime begin, TraceTime end, const TracedCallback& callback);
  void root(TraceTime begin, TraceTime end, std::span<const AsyncId> caused);
  void causes(TraceTime at, const TracedResource& cause, AsyncId caused);
  /// The loop had nothing to do.
  void wait(TraceTime begin, TraceTime end);
  void full(TraceTime at);
  /// The end: says what is missing, if anything is.
  void dropped(std::uint64_t events, std::uint64_t arrows);

 private:
  enum class EventType : std::uint64_t { slice_begin = 1, slice_end = 2, instant = 3 };
  class Packet;
  class Event;

  void describe_sequence();
  void describe_clocks(const PerfettoClocks& clocks);
  void describe_process(const TraceOrigin& origin);
  void describe_thread(const TraceOrigin& origin);
  void describe_resource_track(std::uint32_t track, std::uint32_t type);
  std::uint32_t free_track(std::uint32_t type);
  std::uint64_t flow(AsyncId id) const noexcept { return flows_ + id; }
  std::uint64_t track_uuid(std::uint32_t track) const noexcept;

  ProtoWriter out_;
  const std::int64_t start_;
  const std::uint64_t process_uuid_;
  const std::uint64_t thread_uuid_;
  const std::uint64_t flows_;     ///< What their numbers begin at.
  const std::uint32_t sequence_;  ///< The stream's number, should several be joined.
  bool sequence_began_ = false;
  TraceTime latest_ = 0;
  std::vector<std::string> type_names_;
  std::uint32_t tracks_ = 0;
  std::vector<std::vector<std::uint32_t>> free_tracks_;  ///< By type.
};

}  // namespace contrail::inline v0::hooks
