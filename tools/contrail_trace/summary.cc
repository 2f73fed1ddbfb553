// The first look: how much, of what, and what stands out.

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hooks/json_text.h"
#include "tools/contrail_trace/reports.h"
#include "tools/contrail_trace/wall_time.h"

namespace contrail::trace {
namespace {

constexpr std::size_t longest_max = 10;

struct TypeFigures {
  std::uint64_t events = 0;
  std::uint64_t made = 0;
  std::uint64_t live = 0;
};

/// "1 resource", "2 resources"
std::string counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// How long it ran, as far as is known.
std::uint64_t duration_of(const Callback& callback) {
  return static_cast<std::uint64_t>(callback.end - callback.begin);
}

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
    if (callback.running_at_end) {
      running_.push_back(callback);  // The innermost comes first.
      return;
    }
    const auto is_longer = [](const Callback& one, const Callback& other) {
      return one.end - one.begin > other.end - other.begin;
    };
    if (longest_.size() == longest_max && !is_longer(callback, longest_.back())) return;
    longest_.insert(std::upper_bound(longest_.begin(), longest_.end(), callback, is_longer),
                    callback);
    if (longest_.size() > longest_max) longest_.pop_back();
  }
  void end(const Ending& ending) override {
    times_off_ = ending.times_off;
    starts_ = wall_time(context_.recording.header(), ending.began, 3);
    ends_ = wall_time(context_.recording.header(), context_.end, 3);
    for (std::size_t i = 0; i < by_group_.size(); ++i) {
      TypeFigures& of_type = by_type_[context_.recording.groups()[i].type];
      of_type.events += by_group_[i].events;
      of_type.made += by_group_[i].made;
    }
    for (const auto& [id, life] : ending.living) {
      if (!life.is_live) continue;
      ++live_;
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

  void print_text() {
    const Recording& recording = context_.recording;
    Output& out = context_.out;
    out.print("program     {}, process {}, loop {}\n", recording.program_name(),
              recording.header().process, recording.header().loop);
    out.print("starts      {}\n", starts_);
    out.print("ends        {}\n", ends_);
    if (recording.is_copy()) {
      out.print("copied      {}\n", wall_time(recording.header(), recording.known_until(), 3));
    }
    out.print("span        {}, {}, {:.0f} callbacks a second\n",
              duration_text(static_cast<std::uint64_t>(end_ - begin_)), counted(events_, "event"),
              callbacks_per_second());
    out.print("before it   {}, overwritten\n", counted(recording.overwritten(), "event"));
    out.print("live        {} at the end\n", counted(live_, "resource"));
    if (times_off_ > 0) {
      out.print(
          "off         recording was off {}: live is what was seen since it was switched on\n",
          counted(times_off_, "time"));
    }
    if (recording.header().resources_without_group > 0) {
      out.print("nameless    {}, as there were too many groups\n",
                counted(recording.header().resources_without_group, "resource"));
    }
    print_running();
    print_counts();
    print_longest();
  }

  void print_running() {
    if (running_.empty()) return;
    context_.out.print("\nrunning at the end, innermost first\n");
    for (const Callback& one : running_) {
      const char* at_least = context_.recording.is_copy() ? "" : "at least ";
      context_.out.print("{:>9}  {}\n", at_least + duration_text(duration_of(one)),
                         description(one));
    }
  }

  void print_counts() {
    Output& out = context_.out;
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
  }

  void print_longest() {
    Output& out = context_.out;
    if (!longest_.empty()) out.print("\n{:>9} {:>14}  longest callbacks\n", "took", "began");
    for (const Callback& one : longest_) {
      const double began = static_cast<double>(one.begin - context_.end) / 1e6;
      out.print("{:>9} {:11.3f} ms  {}{}\n", duration_text(duration_of(one)), began,
                description(one), one.ended ? "" : ", which did not return");
    }
  }

  void print_json() {
    const Recording& recording = context_.recording;
    Output& out = context_.out;
    out.print(
        "{{\"program\":{},\"process\":{},\"loop\":{},\"starts\":\"{}\",\"ends\":\"{}\","
        "\"span_ns\":{},\"events\":{},\"callbacks_per_second\":{:.1f},\"overwritten\":{},"
        "\"overtaken\":{},\"live\":{},\"times_off\":{},"
        "\"resources_without_group\":{},\"damages\":{}",
        hooks::json_string(recording.program_name()), recording.header().process,
        recording.header().loop, starts_, ends_, end_ - begin_, events_, callbacks_per_second(),
        recording.overwritten(), recording.overtaken(), live_, times_off_,
        recording.header().resources_without_group, recording.damage_count());
    if (recording.is_copy()) {
      const auto copied = wall_time(recording.header(), recording.known_until(), 3);
      out.print(",\"copied\":\"{}\"", copied);
    }
    out.print(",\n\"running_at_end\":[");
    const char* separator = "";
    for (const Callback& one : running_) {
      print_json(one, std::exchange(separator, ","));
      out.print(",\"at_least\":{}}}", !recording.is_copy());
    }
    print_json_counts();
    out.print("}},\n\"longest_callbacks\":[");
    separator = "";
    for (const Callback& one : longest_) {
      print_json(one, std::exchange(separator, ","));
      out.print(",\"returned\":{}}}", one.ended);
    }
    out.print("\n]}}\n");
  }

  void print_json_counts() {
    Output& out = context_.out;
    const char* separator = "";
    out.print("],\n\"by_event\":{{");
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
  }

  /// Without the brace at the end.
  void print_json(const Callback& one, std::string_view separator) {
    const Group& group = context_.recording.groups()[one.group];
    context_.out.print(
        "{}\n{{\"type\":{},\"file\":{},\"line\":{},\"async_id\":{},\"ns\":{},"
        "\"before_end_ns\":{}",
        separator, hooks::json_string(group.type), hooks::json_string(group.file), group.line,
        one.id, duration_of(one), context_.end - one.begin);
  }
  std::string description(const Callback& one) const {
    return context_.recording.groups()[one.group].description(one.id);
  }

  ReportContext context_;
  std::int64_t begin_ = 0;
  std::int64_t end_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t callbacks_ = 0;
  std::uint64_t live_ = 0;
  std::uint64_t times_off_ = 0;
  std::string starts_;
  std::string ends_;
  std::array<std::uint64_t, static_cast<std::size_t>(hooks::last_flight_event) + 1> by_event_{};
  std::vector<TypeFigures> by_group_;
  std::map<std::string, TypeFigures> by_type_;
  std::vector<Callback> longest_;
  std::vector<Callback> running_;
};

}  // namespace

std::unique_ptr<Report> make_summary(const ReportContext& context) {
  return std::make_unique<Summary>(context);
}

}  // namespace contrail::trace
