#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "decoded_trace.h"

namespace contrail {

/// A slice of the time line, as the viewer puts it together.
struct Slice {
  std::string track;
  std::string name;
  unsigned long long begin;
  unsigned long long end = 0;
  const DecodedMessage* event;
};

/// A trace as a viewer puts it together. Expects the rules that one relies on to be kept.
class TimeLine {
 public:
  explicit TimeLine(const DecodedTrace& trace) {
    for (const DecodedMessage* packet : trace.packets()) read(*packet);
    for (const auto& [time, packet] : events_) place(time, (*packet)["track_event"]);
    for (const auto& [track, open] : open_) EXPECT_TRUE(open.empty()) << "a slice without end";
  }

  std::vector<Slice> on(const std::string& track) const {
    std::vector<Slice> found;
    for (const Slice& slice : slices_) {
      if (slice.track == track) found.push_back(slice);
    }
    return found;
  }
  const std::vector<Slice>& slices() const { return slices_; }
  const std::vector<Slice>& instants() const { return instants_; }
  /// How many tracks have that name.
  long tracks(const std::string& name) const {
    return std::count_if(tracks_.begin(), tracks_.end(),
                         [&](const auto& track) { return track.second == name; });
  }
  /// "Outer -> Inner": the names of the slices, or marks, that flows connect.
  std::vector<std::string> flows() const {
    std::map<std::string, std::string> from;
    std::vector<std::string> found;
    for (const auto* list : {&slices_, &instants_}) {
      for (const Slice& slice : *list) {
        for (const auto* id : slice.event->all("flow_ids")) from[id->value] = slice.name;
      }
    }
    for (const Slice& slice : slices_) {
      for (const auto* id : slice.event->all("terminating_flow_ids")) {
        EXPECT_TRUE(from.contains(id->value)) << "a flow from nowhere to " << slice.name;
        found.push_back(from[id->value] + " -> " + slice.name);
      }
    }
    return found;
  }
  std::string argument(const Slice& slice, const std::string& name) const {
    for (const auto* annotation : slice.event->all("debug_annotations")) {
      if (arguments_.at((*annotation)["name_iid"].value) != name) continue;
      for (const auto& [kind, value] : annotation->fields) {
        if (kind != "name_iid") return value.value;
      }
    }
    return "(none)";
  }
  std::string site(const Slice& slice) const {
    const auto found = sites_.find((*slice.event)["source_location_iid"].value);
    return found == sites_.end() ? "(none)" : found->second;
  }

 private:
  /// Names are known from the packet on that has them.
  void read(const DecodedMessage& packet) {
    const DecodedMessage& interned = packet["interned_data"];
    for (const auto* name : interned.all("event_names")) {
      EXPECT_TRUE(names_.emplace((*name)["iid"].value, (*name)["name"].value).second);
    }
    for (const auto* name : interned.all("debug_annotation_names")) {
      arguments_[(*name)["iid"].value] = (*name)["name"].value;
    }
    for (const auto* site : interned.all("source_locations")) {
      sites_[(*site)["iid"].value] =
          (*site)["file_name"].value + ':' + (*site)["line_number"].value;
    }
    const DecodedMessage& defaults = packet["trace_packet_defaults"];
    if (defaults.has("track_event_defaults")) {
      default_track_ = defaults["track_event_defaults"]["track_uuid"].value;
    }
    if (packet.has("track_descriptor")) {
      const DecodedMessage& track = packet["track_descriptor"];
      tracks_[track["uuid"].value] = track.has("thread")    ? track["thread"]["thread_name"].value
                                     : track.has("process") ? track["process"]["process_name"].value
                                                            : track["name"].value;
    }
    if (packet.has("track_event")) {
      EXPECT_TRUE(events_.emplace(packet["timestamp"].number(), &packet).second) << "a shared time";
      if (packet["track_event"].has("name_iid")) (void)name_of(packet["track_event"]);
    }
  }
  /// In the order of their times.
  void place(unsigned long long time, const DecodedMessage& event) {
    const std::string track = event.has("track_uuid") ? event["track_uuid"].value : default_track_;
    EXPECT_TRUE(tracks_.contains(track)) << "an event on no track";
    std::vector<std::size_t>& open = open_[track];
    if (event["type"].value == "TYPE_SLICE_BEGIN") {
      open.push_back(slices_.size());
      slices_.push_back({tracks_[track], name_of(event), time, 0, &event});
    } else if (event["type"].value == "TYPE_SLICE_END") {
      ASSERT_FALSE(open.empty()) << "an end without a beginning";
      slices_[open.back()].end = time;
      open.pop_back();
    } else {
      instants_.push_back({tracks_[track], name_of(event), time, time, &event});
    }
  }
  std::string name_of(const DecodedMessage& event) const {
    if (event.has("name")) return event["name"].value;
    const auto found = names_.find(event["name_iid"].value);
    EXPECT_NE(found, names_.end()) << "a name that is not known yet";
    return found == names_.end() ? "" : found->second;
  }

  std::map<unsigned long long, const DecodedMessage*> events_;
  std::map<std::string, std::string> names_, arguments_, sites_, tracks_;
  std::string default_track_;
  std::map<std::string, std::vector<std::size_t>> open_;  ///< Slices, by track.
  std::vector<Slice> slices_, instants_;
};

}  // namespace contrail
