// One line per event, as an EventLog prints them. Times are what is left until the end, or those of
// the day.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tools/contrail_trace/reports.h"
#include "tools/contrail_trace/wall_time.h"

namespace contrail::trace {
namespace {

constexpr std::size_t indent_max = 32;  ///< Callbacks that lie deeper are no further to the right.

/// Node says -1 where nobody assigned an id.
std::int64_t number(std::uint64_t id) { return static_cast<std::int64_t>(id); }

class Timeline : public Report {
 public:
  explicit Timeline(const ReportContext& context) : context_(context) {}

  void event(const Event& event, bool shown, Life*, const Life*, std::size_t depth) override {
    if (!shown) return;
    context_.out.print("{}  {:{}}{}", time_of(event), "", 2 * std::min(depth, indent_max),
                       event_name(event.event));
    if (event.id != 0) {
      const Group& group = context_.recording.groups()[event.group];
      context_.out.print(" {} {}", group.type, event.id);
      if (event.event == FlightEvent::init) {
        context_.out.print(" by {}", number(event.trigger));
        context_.out.print("{}", group.place());
      }
      if (event.request != 0) context_.out.print(" for request {}", event.request);
    }
    context_.out.print("\n");
  }
  void callback(const Callback&) override {}
  void end(const Ending&) override {}

 private:
  std::string time_of(const Event& event) const {
    if (context_.utc) return wall_time(context_.recording.header(), event.time, 6);
    return fmt::format("{:14.6f} ms", static_cast<double>(event.time - context_.end) / 1e6);
  }

  ReportContext context_;
};

}  // namespace

std::unique_ptr<Report> make_timeline(const ReportContext& context) {
  return std::make_unique<Timeline>(context);
}

}  // namespace contrail::trace
