// The first look: how much, of what, and what stands out.

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "hooks/json_text.h"
#include "tools/contrail_trace/reports.h"

namespace contrail::trace {
namespace {

constexpr std::size_t longest_max = 10;

struct TypeFigures {
  std::uint64_t events = 0;
  std::uint64_t made = 0;
  std::uint64_t live = 0;
};

class Summary : public Report {
 public:
  explicit Summary(const ReportContext& context) : context_(context) {}

  void event(const Event& event, bool shown, Life*, const Life*, std::size_t) override {
    if (!shown) return;
    begin_ = events_ == 0 ? event.time : std::min(begin_, event.time);
    end_ = std::max(end_, event.time);
    ++events_;
    ++by_event_[static_cast<std::size_t>(event.event)];
    if (event.id == 0) return;
    if (event.group >= by_group_.size()) by_group_.resize(context_.recording.groups().size());
    ++by_group_[event.group].events;
    by_group_[event.group].made += event.event == FlightEvent::init;
  }
  void callback(const Callback& callback) override {
    ++callbacks_;
    const auto is_longer = [](const Callback& one, const Callback& other) {
      return one.end - one.begin > other.end - other.begin;
    };
    if (longest_.size() == longest_max && !is_longer(callback, longest_.back())) return;
    longest_.insert(std::upper_bound(longest_.begin(), longest_.end(), callback, is_longer),
                    callback);
    if (longest_.size() > longest_max) longest_.pop_back();
  }
  void end(const std::unordered_map<std::uint64_t, Life>& living) override {
    live_ = living.size();
    for (std::size_t i = 0; i < by_group_.size(); ++i) {
      TypeFigures& of_type = by_type_[context_.recording.groups()[i].type];
      of_type.events += by_group_[i].events;
      of_type.made += by_group_[i].made;
    }
    for (const auto& [id, life] : living) {
      ++by_type_[context_.recording.groups()[life.group].type].live;
    }
    std::erase_if(by_type_,
                  [](const auto& one) { return one.second.events == 0 && one.second.live == 0; });
    context_.json ? print_json() : print_text();
  }

 private:
  double seconds() const { return static_cast<double>(end_ - begin_) / 1e9; }
  double callbacks_per_second() const {
    return end_ > begin_ ? static_cast<double>(callbacks_) / seconds() : 0;
  }
  std::string end_of_recording() const {
    const auto& header = context_.recording.header();
    const auto since_1970 = std::chrono::nanoseconds(header.wall_start) +
                            std::chrono::nanoseconds(context_.end - header.steady_start);
    const std::chrono::system_clock::time_point time(
        std::chrono::floor<std::chrono::system_clock::duration>(since_1970));
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                       fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
  }

  void print_text() {
    const Recording& recording = context_.recording;
    Output& out = context_.out;
    out.print("program     {}, process {}, loop {}\n", recording.program_name(),
              recording.header().process, recording.header().loop);
    out.print("ends        {}\n", end_of_recording());
    out.print("span        {}, {} events, {:.0f} callbacks a second\n",
              duration_text(static_cast<std::uint64_t>(end_ - begin_)), events_,
              callbacks_per_second());
    out.print("before it   {} events, which were overwritten\n", recording.overwritten());
    out.print("live        {} resources at the end\n", live_);
    if (recording.header().resources_without_group > 0) {
      out.print("nameless    {} resources, as there were too many groups\n",
                recording.header().resources_without_group);
    }
    out.print("\n{:>9}  event\n", "count");
    for (std::size_t i = 0; i < by_event_.size(); ++i) {
      if (by_event_[i] > 0) {
        out.print("{:9}  {}\n", by_event_[i], event_name(static_cast<FlightEvent>(i)));
      }
    }
    out.print("\n{:>9} {:>9} {:>9}  type\n", "events", "made", "live");
    for (const auto& [type, figures] : by_type_) {
      out.print("{:9} {:9} {:9}  {}\n", figures.events, figures.made, figures.live, type);
    }
    if (!longest_.empty()) out.print("\n{:>9} {:>14}  longest callbacks\n", "took", "began");
    for (const Callback& one : longest_) {
      const double began = static_cast<double>(one.begin - context_.end) / 1e6;
      out.print("{:>9} {:11.3f} ms  {} {}{}\n",
                duration_text(static_cast<std::uint64_t>(one.end - one.begin)), began,
                recording.groups()[one.group].description(), one.id,
                one.ended ? "" : ", which did not return");
    }
  }

  void print_json() {
    const Recording& recording = context_.recording;
    Output& out = context_.out;
    out.print(
        "{{\"program\":{},\"process\":{},\"loop\":{},\"ends\":\"{}\",\"span_ns\":{},\"events\":{},"
        "\"callbacks_per_second\":{:.1f},\"overwritten\":{},\"overtaken\":{},\"live\":{},"
        "\"resources_without_group\":{},\"damages\":{},\n\"by_event\":{{",
        hooks::json_string(recording.program_name()), recording.header().process,
        recording.header().loop, end_of_recording(), end_ - begin_, events_, callbacks_per_second(),
        recording.overwritten(), recording.overtaken(), live_,
        recording.header().resources_without_group, recording.damage_count());
    const char* separator = "";
    for (std::size_t i = 0; i < by_event_.size(); ++i) {
      if (by_event_[i] == 0) continue;
      const auto name = event_name(static_cast<FlightEvent>(i));
      out.print("{}\"{}\":{}", std::exchange(separator, ","), name, by_event_[i]);
    }
    out.print("}},\n\"by_type\":{{");
    separator = "";
    for (const auto& [type, figures] : by_type_) {
      out.print("{}\n{}:{{\"events\":{},\"made\":{},\"live\":{}}}", std::exchange(separator, ","),
                hooks::json_string(type), figures.events, figures.made, figures.live);
    }
    out.print("}},\n\"longest_callbacks\":[");
    separator = "";
    for (const Callback& one : longest_) {
      const Group& group = recording.groups()[one.group];
      out.print(
          "{}\n{{\"type\":{},\"file\":{},\"line\":{},\"async_id\":{},\"ns\":{},"
          "\"before_end_ns\":{},\"returned\":{}}}",
          std::exchange(separator, ","), hooks::json_string(group.type),
          hooks::json_string(group.file), group.line, one.id, one.end - one.begin,
          context_.end - one.begin, one.ended);
    }
    out.print("\n]}}\n");
  }

  ReportContext context_;
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t callbacks_ = 0;
  std::uint64_t live_ = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(hooks::last_flight_event) + 1> by_event_{};
  std::vector<TypeFigures> by_group_;
  std::map<std::string, TypeFigures> by_type_;
  std::vector<Callback> longest_;
};

}  // namespace

std::unique_ptr<Report> make_summary(const ReportContext& context) {
  return std::make_unique<Summary>(context);
}

}  // namespace contrail::trace
