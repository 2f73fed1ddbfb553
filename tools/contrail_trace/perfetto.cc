// Perfetto's protocol buffers, as hooks::PerfettoTrace writes them: resources as slices of tracks
// of their types, callbacks and waits of the loop as slices of the thread, a flow from the callback
// that made a resource to the resource's first one.

#include "hooks/perfetto_events.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/contrail_trace/reports.h"

namespace contrail::trace {
namespace {

using hooks::FlightHeader;
using hooks::PerfettoEvents;
using hooks::TracedResource;
using hooks::TraceSink;

/// The loop's number stands for the thread's, as it does in Chrome's JSON.
hooks::TraceOrigin origin_of(const Recording& recording) {
  const FlightHeader& header = recording.header();
  const std::chrono::nanoseconds start(header.steady_start);
  return {.start = std::chrono::steady_clock::time_point(start),
          .process = static_cast<pid_t>(header.process),
          .thread = static_cast<long>(header.loop),
          .loop = header.loop,
          .process_name = std::string(recording.program_name()),
          .thread_name = fmt::format("loop {}", header.loop)};
}

hooks::PerfettoClocks clocks_of(const FlightHeader& header) {
  return {.monotonic = static_cast<std::uint64_t>(header.steady_start),
          .boottime = 0,
          .realtime = static_cast<std::uint64_t>(std::max<std::int64_t>(0, header.wall_start))};
}

class Perfetto : public Report {
 public:
  explicit Perfetto(const ReportContext& context)
      : out_(context.out),
        start_(context.recording.header().steady_start),
        latest_(context.recording.known_until()),
        events_(out_.buffer(), origin_of(context.recording),
                clocks_of(context.recording.header())) {
    announce(context.recording.groups());
  }

  void event(const Event& event, bool shown, Life* subject, const Life*, std::size_t) override {
    switch (event.event) {
      case FlightEvent::init: init(event, shown, *subject); break;
      case FlightEvent::destroy: end(subject, event.moment); break;
      case FlightEvent::resolve:
        if (subject && is_open(*subject)) events_.resource_resolves(at(event.moment), of(*subject));
        break;
      case FlightEvent::poll_begins: wait_began_ = event.moment; break;
      case FlightEvent::poll_ends: wait_ended(event.moment); break;
      default: break;
    }
    out_.flush_if_full();
  }

  void callback(const Callback& callback) override {
    const Life* first_of = callback.first_of;
    const bool is_caused = first_of && first_of->arrow == Arrow::kept;
    if (first_of && first_of->arrow == Arrow::dropped) ++arrows_dropped_;
    const std::uint64_t trigger = callback.life ? callback.life->trigger : no_async_id;
    events_.callback(at(callback.begin_moment), at(callback.end_moment),
                     {resource(callback.id, trigger, callback.group, callback.request), is_caused,
                      callback.caused});
    out_.flush_if_full();
  }

  void end(const Ending& ending) override {
    for (const auto& [id, life] : ending.living) {
      if (is_open(life)) events_.resource_ends(at(latest_ + 1), of(life));
      out_.flush_if_full();
    }
    events_.dropped(0, arrows_dropped_);
  }

 private:
  static constexpr std::int64_t never = -1;

  /// What a group is called in the trace.
  struct Names {
    std::uint32_t type;
    std::uint32_t site;
  };

  void announce(const std::vector<Group>& groups) {
    std::map<std::string_view, std::uint32_t> types;
    for (const Group& group : groups) {
      const auto number = static_cast<std::uint32_t>(types.size() + 1);
      const auto [type, is_new] = types.emplace(group.type, number);
      if (is_new) events_.new_type(number, group.type);
      std::uint32_t site = TraceSink::no_site;
      if (!group.file.empty()) {
        site = static_cast<std::uint32_t>(names_.size() + 1);
        events_.new_site(site, group.file, group.line);
      }
      names_.push_back({type->second, site});
      out_.flush_if_full();
    }
  }

  void init(const Event& event, bool shown, Life& life) {
    if (!shown) return;
    TracedResource begun = resource(event.id, event.trigger, event.group, event.request);
    events_.resource_begins(at(event.moment), begun, {});
    life.mark = begun.track + 1;
  }
  /// Those that end while they are not asked for end there all the same.
  void end(Life* life, std::int64_t moment) {
    if (!life || !is_open(*life)) return;
    events_.resource_ends(at(moment), of(*life));
    life->mark = 0;
  }
  void wait_ended(std::int64_t moment) {
    if (wait_began_ == never) return;
    events_.wait(at(std::exchange(wait_began_, never)), at(moment));
  }

  TracedResource resource(std::uint64_t id, std::uint64_t trigger, std::uint32_t group,
                          std::uint64_t request) const {
    return {id, trigger, names_[group].type, names_[group].site, request, 0};
  }
  static bool is_open(const Life& life) { return life.mark != 0; }
  /// As far as matters once it has begun.
  TracedResource of(const Life& life) const {
    TracedResource open = resource(0, life.trigger, life.group, life.request);
    open.track = life.mark - 1;
    return open;
  }
  hooks::TraceTime at(std::int64_t moment) {
    latest_ = std::max(latest_, moment);
    return moment - start_;
  }

  Output& out_;
  const std::int64_t start_;
  std::int64_t latest_;
  PerfettoEvents events_;
  std::vector<Names> names_;  ///< By group.
  std::int64_t wait_began_ = never;
  std::uint64_t arrows_dropped_ = 0;
};

}  // namespace

std::unique_ptr<Report> make_perfetto(const ReportContext& context) {
  return std::make_unique<Perfetto>(context);
}

}  // namespace contrail::trace
