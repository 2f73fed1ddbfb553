#pragma once

#include <cstdint>

/// The numbers of the fields in Perfetto's schema, protos/perfetto/trace in its sources. What is
/// used of that is in test/unit/hooks/perfetto_trace.proto.
namespace contrail::inline v0::hooks::perfetto {

namespace packet {
constexpr std::uint32_t in_trace = 1, clock_snapshot = 6, timestamp = 8, sequence_id = 10,
                        track_event = 11, interned_data = 12, sequence_flags = 13,
                        timestamp_clock_id = 58, defaults = 59, track_descriptor = 60,
                        is_first = 87;
constexpr std::uint64_t state_cleared = 1, needs_state = 2;  // As sequence_flags.
}  // namespace packet
namespace event {
constexpr std::uint32_t categories = 3, annotations = 4, type = 9, name = 10, track = 11,
                        name_text = 23, site = 34, flows = 47, last_flows = 48, correlation = 52;
}
namespace annotation {
constexpr std::uint32_t name = 1, boolean = 2, unsigned_number = 3, number = 4, text = 6;
}
namespace interned {
constexpr std::uint32_t categories = 1, event_names = 2, annotation_names = 3, sites = 4;
constexpr std::uint32_t number = 1, name = 2;  // Of each name.
constexpr std::uint32_t file = 2, line = 4;    // Of a site.
}  // namespace interned
namespace track {
constexpr std::uint32_t uuid = 1, name = 2, process = 3, thread = 4, parent = 5,
                        child_ordering = 11;
constexpr std::uint32_t process_id = 1, process_name = 6;
constexpr std::uint32_t process_of_thread = 1, thread_id = 2, thread_name = 5;
constexpr std::uint64_t lexicographic = 1;
}  // namespace track
namespace clocks {
constexpr std::uint32_t clock = 1, primary = 2;
constexpr std::uint32_t id = 1, time = 2;  // Of each.
constexpr std::uint64_t realtime = 1, monotonic = 3, boottime = 6;
}  // namespace clocks

}  // namespace contrail::inline v0::hooks::perfetto
