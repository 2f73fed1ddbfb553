// What caused what. Resources of one group that were caused alike are one node; one that is caused
// by its own kind, however indirectly, is counted with it: a timer that starts the next one would
// be a branch without end.

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "hooks/json_text.h"
#include "tools/contrail_trace/reports.h"

namespace contrail::trace {
namespace {

constexpr std::size_t nodes_max = 50'000;

class Tree : public Report {
 public:
  explicit Tree(const ReportContext& context) : context_(context) { nodes_.push_back({}); }

  void event(const Event& event, bool shown, Life* subject, const Life* cause,
             std::size_t) override {
    if (event.event != FlightEvent::init) return;
    subject->mark = node_below(cause ? cause->mark : root, event.group);
    if (shown) ++nodes_[subject->mark].made;
  }
  void callback(const Callback&) override {}
  void end(const Ending&) override {
    // Children come after their parents.
    for (std::size_t i = nodes_.size() - 1; i > 0; --i) {
      nodes_[i].with_children += nodes_[i].made;
      nodes_[nodes_[i].parent].with_children += nodes_[i].with_children;
      nodes_[nodes_[i].parent].children.push_back(static_cast<std::uint32_t>(i));
    }
    for (Node& node : nodes_) {
      std::sort(node.children.begin(), node.children.end(), [this](auto one, auto other) {
        const auto a = nodes_[one].with_children, b = nodes_[other].with_children;
        return a != b ? a > b : one < other;
      });
    }
    context_.json ? print_json() : print_text();
  }

 private:
  static constexpr std::uint32_t root = 0;

  struct Node {
    std::uint32_t parent = root;
    std::uint32_t group = 0;
    std::uint32_t depth = 0;
    std::uint64_t made = 0;
    std::uint64_t with_children = 0;
    std::vector<std::uint32_t> children = {};
  };

  std::uint32_t node_below(std::uint32_t parent, std::uint32_t group) {
    const auto [found, is_new] = known_.try_emplace({parent, group}, root);
    if (is_new) found->second = find_or_add(parent, group);
    return found->second;
  }

  std::uint32_t find_or_add(std::uint32_t parent, std::uint32_t group) {
    for (std::uint32_t up = parent; up != root; up = nodes_[up].parent) {
      if (nodes_[up].group == group) return up;
    }
    if (nodes_.size() == nodes_max) return parent;
    nodes_.push_back({.parent = parent, .group = group, .depth = nodes_[parent].depth + 1});
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  /// Calls enter(node) and leave(node), without recursion: a damaged file must not end the stack.
  template <class Enter, class Leave>
  void walk(Enter&& enter, Leave&& leave) const {
    std::vector<std::pair<std::uint32_t, std::size_t>> path{{root, 0}};
    while (!path.empty()) {
      auto& [node, next] = path.back();
      if (next == nodes_[node].children.size()) {
        if (node != root) leave(nodes_[node]);
        path.pop_back();
        continue;
      }
      const std::uint32_t child = nodes_[node].children[next++];
      if (nodes_[child].with_children == 0) continue;
      enter(nodes_[child]);
      path.emplace_back(child, 0);
    }
  }

  void print_text() const {
    context_.out.print("{:>9}  {}\n", "made", "what, below what caused it");
    walk(
        [this](const Node& node) {
          context_.out.print("{:9}  {:{}}{}\n", node.made, "", 2 * (node.depth - 1),
                             context_.recording.groups()[node.group].description());
        },
        [](const Node&) {});
  }

  void print_json() const {
    const char* separator = "";
    context_.out.print("{{\"roots\":[");
    walk(
        [&](const Node& node) {
          const Group& group = context_.recording.groups()[node.group];
          context_.out.print("{}\n{{\"type\":{},\"file\":{},\"line\":{},\"made\":{},\"caused\":[",
                             separator, hooks::json_string(group.type),
                             hooks::json_string(group.file), group.line, node.made);
          separator = "";
        },
        [&](const Node&) {
          context_.out.print("]}}");
          separator = ",";
        });
    context_.out.print("\n]}}\n");
  }

  ReportContext context_;
  std::vector<Node> nodes_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> known_;
};

}  // namespace

std::unique_ptr<Report> make_tree(const ReportContext& context) {
  return std::make_unique<Tree>(context);
}

}  // namespace contrail::trace
