#pragma once

#include <cstddef>
#include <fstream>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/flight_format.h"
#include "tools/contrail_trace/recording.h"
#include "tools/contrail_trace/reports.h"

namespace contrail {

/// What is whole in a recording.
inline std::vector<hooks::FlightRecord> records_of(trace::Recording& recording) {
  std::vector<hooks::FlightRecord> records;
  recording.read([&](const hooks::FlightRecord& record) { records.push_back(record); },
                 [](std::uint64_t) {});
  return records;
}

/// "init Timeout", one of each, without what belongs to no resource.
inline std::vector<std::string> events_of(const std::string& path) {
  trace::Recording recording(path);
  std::vector<std::string> events;
  for (const hooks::FlightRecord& record : records_of(recording)) {
    if (record.id == 0) continue;
    const std::string& type = recording.groups()[record.group].type;
    events.push_back(std::string(trace::event_name(record.event)) + " " + type);
  }
  return events;
}

/// A recording made by hand.
struct MadeUpFlight {
  explicit MadeUpFlight(std::uint64_t ring_records = 64) : ring(ring_records) {
    hooks::flight_magic.copy(header.magic, sizeof header.magic);
    header.byte_order = hooks::flight_byte_order;
    header.version = hooks::flight_version;
    header.groups_max = 4;
    header.ring_offset = hooks::flight_header_bytes + 4 * sizeof(hooks::FlightGroup);
    header.ring_records = ring_records;
    header.steady_start = 1000;
    header.process = 4711;
    header.loop = 1;
    std::string_view("made_up").copy(header.program_name, sizeof header.program_name);
    add_group("(unknown)", "", 0);
    add_group("Timeout", "src/app.cc", 17);
    add_group("PROMISE", "src/\"odd\".cc", 4);
  }

  void add_group(std::string_view type, std::string_view file, unsigned line) {
    hooks::FlightGroup& group = groups[header.groups++];
    group.line = line;
    group.type_bytes = static_cast<std::uint16_t>(type.size());
    group.file_bytes = static_cast<std::uint16_t>(file.size());
    type.copy(group.text, type.size());
    file.copy(group.text + type.size(), file.size());
  }

  void add(hooks::FlightEvent event, std::int64_t time, std::uint64_t id = 0,
           std::uint64_t other = 0, std::uint32_t group = 0) {
    const auto lap = static_cast<std::uint16_t>(header.cursor / ring.size());
    ring[header.cursor++ % ring.size()] = {time, id, other, group, event, 0, lap};
  }

  std::uint64_t offset_of(std::uint64_t record) const {
    return header.ring_offset + record % ring.size() * sizeof(hooks::FlightRecord);
  }

  std::string bytes() const {
    std::string text(header.ring_offset, '\0');
    text.replace(0, sizeof header, reinterpret_cast<const char*>(&header), sizeof header);
    text.replace(hooks::flight_header_bytes, sizeof groups, reinterpret_cast<const char*>(groups),
                 sizeof groups);
    text.append(reinterpret_cast<const char*>(ring.data()), ring.size() * sizeof ring[0]);
    return text;
  }
  std::string write(const std::string& path) const {
    std::ofstream(path, std::ios::binary) << bytes();
    return path;
  }

  hooks::FlightHeader header{};
  hooks::FlightGroup groups[4]{};
  std::vector<hooks::FlightRecord> ring;
};

}  // namespace contrail
