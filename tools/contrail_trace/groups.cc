// A table of the resources by type and place of creation.

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "hooks/json_text.h"
#include "tools/contrail_trace/histogram.h"
#include "tools/contrail_trace/reports.h"

namespace contrail::trace {
namespace {

struct GroupFigures {
  std::uint64_t made = 0;
  std::uint64_t live = 0;
  Histogram runs;   ///< From before to after.
  Histogram waits;  ///< From init to the first before.
};

class Groups : public Report {
 public:
  explicit Groups(const ReportContext& context)
      : context_(context), figures_(context.recording.groups().size()) {}

  void event(const Event& event, bool shown, Life*, const Life*, std::size_t) override {
    if (shown && event.event == FlightEvent::init) ++of(event.group).made;
  }
  void callback(const Callback& callback) override {
    GroupFigures& figures = of(callback.group);
    figures.runs.add(callback.end - callback.begin);
    if (callback.first_of) figures.waits.add(callback.begin - callback.first_of->made);
  }
  void end(const Ending& ending) override {
    for (const auto& [id, life] : ending.living) {
      if (life.is_live && figures_[life.group]) ++of(life.group).live;
    }
    context_.json ? print_json() : print_table();
  }

 private:
  GroupFigures& of(std::uint32_t group) {
    auto& figures = figures_[group];
    if (!figures) figures = std::make_unique<GroupFigures>();
    return *figures;
  }

  /// Those that there is something to say about; what took longest comes first.
  std::vector<std::size_t> in_order() const {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < figures_.size(); ++i) {
      if (figures_[i]) order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [this](std::size_t one, std::size_t other) {
      return figures_[one]->runs.total() > figures_[other]->runs.total();
    });
    return order;
  }

  void print_table() const {
    context_.out.print("{:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  group\n", "made",
                       "live", "callbacks", "run total", "run p50", "run p99", "run max",
                       "wait p50", "wait p99");
    for (const std::size_t i : in_order()) {
      const GroupFigures& one = *figures_[i];
      const auto run = [&](double part) { return duration_text(one.runs.percentile(part)); };
      const auto wait = [&](double part) { return duration_text(one.waits.percentile(part)); };
      context_.out.print("{:9} {:9} {:9} {:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  {}\n", one.made,
                         one.live, one.runs.count(), duration_text(one.runs.total()), run(0.5),
                         run(0.99), duration_text(one.runs.max()), wait(0.5), wait(0.99),
                         context_.recording.groups()[i].description());
    }
  }

  void print_json() const {
    const char* separator = "";
    context_.out.print("{{\"groups\":[");
    for (const std::size_t i : in_order()) {
      const GroupFigures& one = *figures_[i];
      const Group& group = context_.recording.groups()[i];
      context_.out.print(
          "{}\n{{\"type\":{},\"file\":{},\"line\":{},\"made\":{},\"live\":{},\"callbacks\":{},"
          "\"run_ns\":{{\"total\":{},\"p50\":{},\"p99\":{},\"max\":{}}},"
          "\"wait_ns\":{{\"p50\":{},\"p99\":{},\"max\":{}}}}}",
          separator, hooks::json_string(group.type), hooks::json_string(group.file), group.line,
          one.made, one.live, one.runs.count(), one.runs.total(), one.runs.percentile(0.5),
          one.runs.percentile(0.99), one.runs.max(), one.waits.percentile(0.5),
          one.waits.percentile(0.99), one.waits.max());
      separator = ",";
    }
    context_.out.print("\n]}}\n");
  }

  ReportContext context_;
  std::vector<std::unique_ptr<GroupFigures>> figures_;
};

}  // namespace

std::unique_ptr<Report> make_groups(const ReportContext& context) {
  return std::make_unique<Groups>(context);
}

}  // namespace contrail::trace
