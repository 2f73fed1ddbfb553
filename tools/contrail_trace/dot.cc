// Which groups cause which, for graphviz.

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/contrail_trace/reports.h"

namespace contrail::trace {
namespace {

constexpr std::uint32_t nobody = ~std::uint32_t{0};

/// As the inside of a string in quotes.
std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    // Bytes that are not ASCII may be no UTF-8, which dot refuses.
    result +=
        static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e ? '?' : c;
  }
  return result += '"';
}

class Dot : public Report {
 public:
  explicit Dot(const ReportContext& context)
      : context_(context), groups_(context.recording.groups().size()) {}

  void event(const Event& event, bool shown, Life*, const Life* cause, std::size_t) override {
    if (!shown || event.event != FlightEvent::init) return;
    ++groups_[event.group].made;
    ++edges_[{cause ? cause->group : nobody, event.group}];
  }
  void callback(const Callback& callback) override {
    ++groups_[callback.group].callbacks;
    groups_[callback.group].ran += static_cast<std::uint64_t>(callback.end - callback.begin);
  }
  void end(const Ending&) override {
    context_.out.print("digraph recording {{\n  rankdir=LR;\n  node [shape=box];\n");
    for (const auto& [edge, count] : edges_) {
      if (edge.first != nobody) groups_[edge.first].is_cause = true;
    }
    for (std::size_t i = 0; i < groups_.size(); ++i) print_node(i);
    for (const auto& [edge, count] : edges_) {
      if (edge.first != nobody) {
        context_.out.print("  g{} -> g{} [label=\"{}\"];\n", edge.first, edge.second, count);
      }
    }
    context_.out.print("}}\n");
  }

 private:
  struct GroupFigures {
    std::uint64_t made = 0;
    std::uint64_t callbacks = 0;
    std::uint64_t ran = 0;
    bool is_cause = false;
  };

  void print_node(std::size_t i) {
    const GroupFigures& one = groups_[i];
    if (one.made == 0 && one.callbacks == 0 && !one.is_cause) return;
    std::string label = quoted(context_.recording.groups()[i].description());
    label.pop_back();
    context_.out.print("  g{} [label={}\\n{} made, {} callbacks, {}\"];\n", i, label, one.made,
                       one.callbacks, duration_text(one.ran));
  }

  ReportContext context_;
  std::vector<GroupFigures> groups_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint64_t> edges_;
};

}  // namespace

std::unique_ptr<Report> make_dot(const ReportContext& context) {
  return std::make_unique<Dot>(context);
}

}  // namespace contrail::trace
