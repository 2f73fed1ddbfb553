#include "hooks/perfetto_events.h"

#include <fmt/format.h>

#include <algorithm>

#include "hooks/perfetto_fields.h"

namespace contrail::inline v0::hooks {
namespace {

using namespace perfetto;

// Numbers of names that are the same in all traces. 0 would be none.
enum Category : std::uint64_t {
  resource_category = 1,
  callback_category,
  root_category,
  loop_category
};
enum Argument : std::uint64_t { async_id = 1, trigger_async_id, delay_ms, repeat, details };
enum Name : std::uint64_t { resolve_name = 1, root_name, causes_name, wait_name, first_type };
constexpr std::string_view category_names[] = {"resource", "callback", "root", "loop"};
constexpr std::string_view argument_names[] = {"async_id", "trigger_async_id", "delay_ms", "repeat",
                                               "details"};
constexpr std::string_view event_names[] = {"resolve", "root", "causes", "wait"};

/// Well mixed, so that numbers made of different parts do not meet; of 49 bits, which take 7 bytes.
constexpr std::uint64_t mixed(std::uint64_t seed, std::uint64_t value) noexcept {
  std::uint64_t x = seed * 0x9e3779b97f4a7c15u + value;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
  x = (x ^ x >> 27) * 0x94d049bb133111ebu;
  return (x ^ x >> 31) >> 15;
}

std::uint64_t process_of(const TraceOrigin& origin) {
  return mixed(1, static_cast<std::uint64_t>(origin.process));
}

std::uint64_t name_of(std::uint32_t type) noexcept { return first_type + type; }

}  // namespace

/// One packet of the stream, with what all have.
class PerfettoEvents::Packet {
 public:
  explicit Packet(PerfettoEvents& to) : message_(to.out_, packet::in_trace) {
    to.out_.varint(packet::sequence_id, to.sequence_);
    to.out_.varint(packet::sequence_flags, to.sequence_began_
                                               ? packet::needs_state
                                               : packet::state_cleared | packet::needs_state);
  }
  Packet(PerfettoEvents& to, TraceTime at) : Packet(to) {
    to.out_.varint(packet::timestamp, static_cast<std::uint64_t>(to.start_ + at));
    to.latest_ = std::max(to.latest_, at);
  }

 private:
  ProtoWriter::Message message_;
};

class PerfettoEvents::Event {
 public:
  Event(PerfettoEvents& to, TraceTime at, EventType type)
      : to_(to.out_), packet_(to, at), message_(to.out_, packet::track_event) {
    to_.varint(event::type, static_cast<std::uint64_t>(type));
  }
  Event(PerfettoEvents& to, TraceTime at, EventType type, const TracedResource& on)
      : Event(to, at, type) {
    to_.varint(event::track, to.track_uuid(on.track));
  }

  Event& named(std::uint64_t name, Category category) {
    to_.varint(event::categories, category);
    to_.varint(event::name, name);
    return *this;
  }
  Event& about(const TracedResource& resource) {
    if (resource.site != TraceSink::no_site) to_.varint(event::site, resource.site);
    if (resource.request != 0) to_.varint(event::correlation, resource.request);
    argument(async_id, annotation::unsigned_number, resource.id);
    // -1, as Node says, if nobody assigned it.
    return argument(trigger_async_id, annotation::number, resource.trigger);
  }
  Event& argument(Argument name, std::uint32_t kind, std::uint64_t value) {
    const ProtoWriter::Message message(to_, event::annotations);
    to_.varint(annotation::name, name);
    to_.varint(kind, value);
    return *this;
  }
  Event& argument(Argument name, std::string_view value) {
    const ProtoWriter::Message message(to_, event::annotations);
    to_.varint(annotation::name, name);
    to_.text(annotation::text, value);
    return *this;
  }

 private:
  ProtoWriter& to_;
  Packet packet_;
  ProtoWriter::Message message_;
};

PerfettoEvents::PerfettoEvents(std::string& buffer, const TraceOrigin& origin,
                               const PerfettoClocks& clocks)
    : out_(buffer),
      start_(origin.start.time_since_epoch().count()),
      process_uuid_(process_of(origin)),
      thread_uuid_(mixed(process_uuid_, origin.loop)),
      flows_(mixed(thread_uuid_, 1)),
      sequence_(
          static_cast<std::uint32_t>(mixed(thread_uuid_, static_cast<std::uint64_t>(start_)) | 1)) {
  describe_sequence();
  describe_clocks(clocks);
  describe_process(origin);
  describe_thread(origin);
  new_type(TraceSink::other_type, "(other)");
}

void PerfettoEvents::describe_sequence() {
  const Packet first(*this);
  sequence_began_ = true;
  out_.varint(packet::is_first, 1);
  {
    const ProtoWriter::Message defaults(out_, packet::defaults);
    out_.varint(packet::timestamp_clock_id, clocks::monotonic);
    const ProtoWriter::Message of_events(out_, packet::track_event);
    out_.varint(event::track, thread_uuid_);
  }
  const ProtoWriter::Message names(out_, packet::interned_data);
  const auto intern = [this](std::uint32_t kind, std::span<const std::string_view> all) {
    for (std::uint64_t number = 1; number <= all.size(); ++number) {
      const ProtoWriter::Message entry(out_, kind);
      out_.varint(interned::number, number);
      out_.text(interned::name, all[number - 1]);
    }
  };
  intern(interned::categories, category_names);
  intern(interned::event_names, event_names);
  intern(interned::annotation_names, argument_names);
}

/// Relates our times to those of other traces, which count the time asleep, and to the calendar.
void PerfettoEvents::describe_clocks(const PerfettoClocks& now) {
  const Packet packet(*this);
  const ProtoWriter::Message snapshot(out_, packet::clock_snapshot);
  const auto add = [this](std::uint64_t id, std::uint64_t time) {
    if (time == 0) return;
    const ProtoWriter::Message clock(out_, clocks::clock);
    out_.varint(clocks::id, id);
    out_.varint(clocks::time, time);
  };
  add(clocks::monotonic, now.monotonic);
  add(clocks::boottime, now.boottime);
  if (now.boottime == 0) out_.varint(clocks::primary, clocks::monotonic);
  add(clocks::realtime, now.realtime);
}

void PerfettoEvents::describe_process(const TraceOrigin& origin) {
  const Packet packet(*this, 0);
  const ProtoWriter::Message descriptor(out_, packet::track_descriptor);
  out_.varint(track::uuid, process_uuid_);
  const ProtoWriter::Message process(out_, track::process);
  out_.signed_varint(track::process_id, origin.process);
  out_.text(track::process_name, origin.process_name);
}

void PerfettoEvents::describe_thread(const TraceOrigin& origin) {
  const Packet packet(*this, 0);
  const ProtoWriter::Message descriptor(out_, packet::track_descriptor);
  out_.varint(track::uuid, thread_uuid_);
  out_.varint(track::parent, process_uuid_);
  out_.varint(track::child_ordering, track::lexicographic);
  const ProtoWriter::Message thread(out_, track::thread);
  out_.signed_varint(track::process_of_thread, origin.process);
  out_.signed_varint(track::thread_id, origin.thread);
  out_.text(track::thread_name, origin.thread_name);
}

void PerfettoEvents::describe_resource_track(std::uint32_t track, std::uint32_t type) {
  const Packet packet(*this);
  const ProtoWriter::Message descriptor(out_, packet::track_descriptor);
  out_.varint(track::uuid, track_uuid(track));
  out_.varint(track::parent, thread_uuid_);
  out_.text(track::name, type_names_[type]);
}

void PerfettoEvents::new_type(std::uint32_t type, std::string_view name) {
  type_names_.emplace_back(name);
  free_tracks_.emplace_back();
  const Packet packet(*this);
  const ProtoWriter::Message names(out_, packet::interned_data);
  const ProtoWriter::Message entry(out_, interned::event_names);
  out_.varint(interned::number, name_of(type));
  out_.text(interned::name, name);
}

void PerfettoEvents::new_site(std::uint32_t site, std::string_view file, unsigned line) {
  const Packet packet(*this);
  const ProtoWriter::Message names(out_, packet::interned_data);
  const ProtoWriter::Message entry(out_, interned::sites);
  out_.varint(interned::number, site);
  out_.text(interned::file, file);
  out_.varint(interned::line, line);
}

std::uint64_t PerfettoEvents::track_uuid(std::uint32_t track) const noexcept {
  return mixed(thread_uuid_, 2 + track);
}

/// A track of that type without an open slice.
std::uint32_t PerfettoEvents::free_track(std::uint32_t type) {
  std::vector<std::uint32_t>& free = free_tracks_[type];
  if (free.empty()) {
    describe_resource_track(tracks_, type);
    return tracks_++;
  }
  const std::uint32_t track = free.back();
  free.pop_back();
  return track;
}

void PerfettoEvents::resource_begins(TraceTime at, TracedResource& resource,
                                     const TraceArguments& arguments) {
  resource.track = free_track(resource.type);
  Event begin(*this, at, EventType::slice_begin, resource);
  begin.named(name_of(resource.type), resource_category).about(resource);
  if (const auto* timer = arguments.timer) {
    begin.argument(delay_ms, annotation::number, static_cast<std::uint64_t>(timer->delay.count()));
    begin.argument(repeat, annotation::boolean, timer->repeat);
  }
  if (!arguments.details.empty()) begin.argument(details, arguments.details);
}

void PerfettoEvents::resource_resolves(TraceTime at, const TracedResource& resource) {
  Event(*this, at, EventType::instant, resource).named(resolve_name, resource_category);
}

void PerfettoEvents::resource_ends(TraceTime at, const TracedResource& resource) {
  Event(*this, at, EventType::slice_end, resource);
  free_tracks_[resource.type].push_back(resource.track);
}

void PerfettoEvents::callback(TraceTime begin, TraceTime end, const TracedCallback& callback) {
  const TracedResource& resource = callback.resource;
  {
    Event slice(*this, begin, EventType::slice_begin);
    slice.named(name_of(resource.type), callback_category).about(resource);
    for (const AsyncId id : callback.caused) out_.fixed64(event::flows, flow(id));
    if (callback.is_caused) out_.fixed64(event::last_flows, flow(resource.id));
  }
  Event(*this, end, EventType::slice_end);
}

void PerfettoEvents::root(TraceTime begin, TraceTime end, std::span<const AsyncId> caused) {
  {
    Event slice(*this, begin, EventType::slice_begin);
    slice.named(root_name, root_category);
    for (const AsyncId id : caused) out_.fixed64(event::flows, flow(id));
  }
  Event(*this, end, EventType::slice_end);
}

void PerfettoEvents::causes(TraceTime at, const TracedResource& cause, AsyncId caused) {
  Event moment(*this, at, EventType::instant, cause);
  moment.named(causes_name, resource_category);
  out_.fixed64(event::flows, flow(caused));
}

void PerfettoEvents::wait(TraceTime begin, TraceTime end) {
  Event(*this, begin, EventType::slice_begin).named(wait_name, loop_category);
  Event(*this, end, EventType::slice_end);
}

void PerfettoEvents::full(TraceTime at) {
  const Event moment(*this, at, EventType::instant);
  out_.text(event::name_text, "no more events: the trace is full");
}

void PerfettoEvents::dropped(std::uint64_t events, std::uint64_t arrows) {
  if (events + arrows == 0) return;
  const Event last(*this, latest_ + 1, EventType::instant);
  out_.text(event::name_text, fmt::format("dropped: {} events, {} arrows", events, arrows));
}

}  // namespace contrail::inline v0::hooks
