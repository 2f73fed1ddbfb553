#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace contrail::inline v0::hooks {

// A flight recording, as it lies in the file: one page of FlightHeader, FlightHeader::groups_max
// FlightGroups, and from FlightHeader::ring_offset on a ring of FlightRecords. All numbers are the
// writer's own; times are nanoseconds of its steady clock.
//
// Record n lies in place n % ring_records. The writer counts a record after it has written it, so
// that whatever ends the process leaves records [cursor - ring_records + 1, cursor) whole; the one
// before those may be half overwritten. The same holds for groups: an entry is there before it is
// counted, and is counted before a record names it.

inline constexpr std::string_view flight_magic = "contrail\nflight\n";
inline constexpr std::uint32_t flight_version = 1;
inline constexpr std::uint32_t flight_byte_order = 0x01020304;
inline constexpr std::size_t flight_header_bytes = 4096;

struct FlightHeader {
  char magic[16];
  std::uint32_t byte_order;
  std::uint32_t version;
  std::uint64_t groups_max;
  std::uint64_t ring_offset;
  std::uint64_t ring_records;
  std::int64_t steady_start;  ///< The same moment on two clocks: the latter since 1970.
  std::int64_t wall_start;
  std::uint64_t process;
  std::uint64_t loop;      ///< Loop::number().
  char program_name[168];  ///< Filled up with zeros.

  alignas(64) std::uint64_t cursor;       ///< So many records were ever written.
  std::uint64_t groups;                   ///< With group 0, which has an entry too.
  std::uint64_t resources_without_group;  ///< There was no room for theirs.
  std::uint64_t whole_from;               ///< In a copy: records before were being overwritten.
  std::int64_t copied;                    ///< When it was copied by the writer's process, or 0.
};
static_assert(sizeof(FlightHeader) <= flight_header_bytes);
static_assert(offsetof(FlightHeader, cursor) == 256);

/// What resources of one type have in common that were made in one place.
struct FlightGroup {
  std::uint32_t line;
  std::uint16_t type_bytes;
  std::uint16_t file_bytes;  ///< 0: not known where.
  char text[248];            ///< The type, then the file. What is too long lost its beginning.
};
static_assert(sizeof(FlightGroup) == 256);

enum class FlightEvent : std::uint8_t {
  init = 1,
  before,
  after,
  destroy,
  resolve,
  poll_begins,
  poll_ends,
  request,  ///< Comes ahead of the init of a resource that belongs to a request.
  enabled,  ///< Here the recorder was switched on: what was running, it does not know.
  disabled,
};
inline constexpr FlightEvent last_flight_event = FlightEvent::disabled;

struct FlightRecord {
  std::int64_t time;
  std::uint64_t id;     ///< Of a resource; 0 where the event is none of a resource.
  std::uint64_t other;  ///< init: the trigger's id. Else the number of the request, or 0.
  std::uint32_t group;
  FlightEvent event;
  std::uint8_t unused;
  std::uint16_t lap;  ///< How often the ring had been filled before: tells old from new.
};
static_assert(sizeof(FlightRecord) == 32);

}  // namespace contrail::inline v0::hooks
