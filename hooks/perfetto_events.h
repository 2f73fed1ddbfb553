#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/proto_writer.h"
#include "hooks/trace_file.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_sink.h"

namespace contrail::inline v0::hooks {

/// The events of one thread as a stream of Perfetto's TracePackets.
///
/// Callbacks are slices of the thread's track. Resources overlap, which slices of one track must
/// not, so that each type has as many tracks as there were of it at a time: of one name, which the
/// viewer shows as one.
class PerfettoEvents : public TraceSink {
 public:
  PerfettoEvents(const std::filesystem::path& path, const TraceOrigin& origin);

  void new_type(std::uint32_t type, std::string_view name) override;
  void new_site(std::uint32_t site, std::string_view file, unsigned line) override;

  void resource_begins(TraceTime at, TracedResource& resource,
                       const TraceArguments& arguments) override;
  void resource_resolves(TraceTime at, const TracedResource& resource) override;
  void resource_ends(TraceTime at, const TracedResource& resource) override;
  void callback(TraceTime begin, TraceTime end, const TracedCallback& callback) override;
  void root(TraceTime begin, TraceTime end, std::span<const AsyncId> caused) override;
  void causes(TraceTime at, const TracedResource& cause, AsyncId caused) override;
  /// Flows belong to slices, which say themselves whom they caused.
  void arrow(TraceTime, TraceTime, AsyncId) override {}
  void full(TraceTime at) override;

  std::size_t buffered_bytes() const noexcept override { return file_.buffered_bytes(); }
  void flush(const TraceTotals& totals, bool is_last) override;
  void throw_if_failed() const override { file_.throw_if_failed(); }

 private:
  enum class EventType : std::uint64_t { slice_begin = 1, slice_end = 2, instant = 3 };
  class Packet;
  class Event;

  void describe_sequence();
  void describe_clocks();
  void describe_process(const TraceOrigin& origin);
  void describe_thread(const TraceOrigin& origin);
  void describe_resource_track(std::uint32_t track, std::uint32_t type);
  std::uint32_t free_track(std::uint32_t type);
  std::uint64_t flow(AsyncId id) const noexcept { return flows_ + id; }
  std::uint64_t track_uuid(std::uint32_t track) const noexcept;

  TraceFile file_;
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
