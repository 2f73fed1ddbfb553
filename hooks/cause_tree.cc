#include "hooks/cause_tree.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "hooks/json_text.h"

namespace contrail::inline v0::hooks {
namespace {

std::size_t hash(CauseTree::Node cause, std::uint32_t group) noexcept {
  return ((std::uint64_t{cause} << 32 | group) * 0x9e3779b97f4a7c15u) >> 32;
}

/// Inside quotes.
std::string escaped_for_dot(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

/// "1,234,567"
std::string with_commas(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

}  // namespace

CauseTree::CauseTree(std::size_t nodes_max) : nodes_max_(nodes_max), table_(64, nobody) {
  nodes_.push_back({.group = ResourceGroups::none, .cause = nobody});
  nodes_.push_back({.group = ResourceGroups::none, .cause = nobody});
}

CauseTree::Node CauseTree::under(Node cause, std::uint32_t group) {
  Node* place = place_for(cause, group);
  if (*place != nobody) return *place;
  Node node = find_among_causes(cause, group);
  if (node == nobody) {
    if (nodes_.size() >= nodes_max_ + 2 || nodes_[cause].depth == depth_max) {
      ++folded_;
      return cause;
    }
    node = static_cast<Node>(nodes_.size());
    const auto depth = static_cast<std::uint16_t>(nodes_[cause].depth + 1);
    nodes_.push_back({.group = group, .cause = cause, .depth = depth});
    append(node);
  }
  if (2 * nodes_.size() > table_.size()) {
    grow();
    place = place_for(cause, group);
  }
  // What is counted with one of its causes is not in the table: it has no node to be found by.
  if (nodes_[node].cause == cause) *place = node;
  return node;
}

CauseTree::Node* CauseTree::place_for(Node cause, std::uint32_t group) {
  std::size_t index = hash(cause, group) & (table_.size() - 1);
  while (table_[index] != nobody) {
    const Entry& entry = nodes_[table_[index]];
    if (entry.cause == cause && entry.group == group) break;
    index = (index + 1) & (table_.size() - 1);
  }
  return &table_[index];
}

CauseTree::Node CauseTree::find_among_causes(Node cause, std::uint32_t group) const {
  for (Node node = cause; node != nobody; node = nodes_[node].cause) {
    if (nodes_[node].group == group && nodes_[node].cause != nobody) return node;
  }
  return nobody;
}

void CauseTree::append(Node effect) {
  Entry& cause = nodes_[nodes_[effect].cause];
  (cause.first_effect == nobody ? cause.first_effect : nodes_[cause.last_effect].next) = effect;
  cause.last_effect = effect;
}

void CauseTree::grow() {
  table_.assign(table_.size() * 2, nobody);
  for (Node node = 0; node < nodes_.size(); ++node) {
    if (nodes_[node].cause != nobody) *place_for(nodes_[node].cause, nodes_[node].group) = node;
  }
}

bool CauseTree::is_shown(Node node) const {
  return nodes_[node].first_effect != nobody || nodes_[node].numbers.callbacks != 0;
}

std::string CauseTree::label(Node node, const ResourceGroups& groups) const {
  if (node == root) return "root";
  if (node == unseen) return "not seen by the graph";
  return groups[nodes_[node].group].description();
}

std::string CauseTree::tree(const ResourceGroups& groups) const {
  std::string out;
  for (const Node top : {root, unseen}) {
    if (top == unseen && !is_shown(unseen)) continue;
    out += label(top, groups) + '\n';
    write_tree(out, top, "", groups);
  }
  return out;
}

void CauseTree::write_tree(std::string& out, Node node, const std::string& indent,
                           const ResourceGroups& groups) const {
  each_effect(node, [&](Node effect) {
    const bool last = nodes_[effect].next == nobody;
    const Numbers& numbers = nodes_[effect].numbers;
    fmt::format_to(std::back_inserter(out), "{}{} {}", indent, last ? "└─" : "├─",
                   label(effect, groups));
    if (numbers.made != 1 || numbers.alive != 0) {
      fmt::format_to(std::back_inserter(out), " ({} made", with_commas(numbers.made));
      if (numbers.alive != 0) out += ", " + with_commas(numbers.alive) + " alive";
      out += ')';
    }
    out += '\n';
    write_tree(out, effect, indent + (last ? "   " : "│  "), groups);
  });
}

std::string CauseTree::dot(const ResourceGroups& groups) const {
  std::string out =
      "digraph triggers {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n";
  auto to = std::back_inserter(out);
  for (Node node = 0; node < nodes_.size(); ++node) {
    const Entry& entry = nodes_[node];
    if (node == unseen && !is_shown(unseen)) continue;
    fmt::format_to(to, "  n{} [label=\"{}\"];\n", node, dot_label(node, groups));
    if (entry.cause != nobody) {
      fmt::format_to(to, "  n{} -> n{} [label=\"{}\"];\n", entry.cause, node, entry.numbers.made);
    }
  }
  return out + "}\n";
}

/// Type, place without its folder, and numbers, each on a line.
std::string CauseTree::dot_label(Node node, const ResourceGroups& groups) const {
  if (node <= unseen) return label(node, groups);
  const ResourceGroup& group = groups[nodes_[node].group];
  const Numbers& numbers = nodes_[node].numbers;
  // Graphviz refuses labels of more than 16,384 bytes.
  constexpr std::size_t shown_max = 256;
  std::string text = escaped_for_dot(std::string_view(group.type).substr(0, shown_max));
  if (!group.file.empty()) {
    const std::string name = group.file.substr(group.file.rfind('/') + 1);
    text += fmt::format("\\n{}:{}", escaped_for_dot(std::string_view(name).substr(0, shown_max)),
                        group.line);
  }
  text += fmt::format("\\n{} made", with_commas(numbers.made));
  if (numbers.alive != 0) text += fmt::format(", {} alive", with_commas(numbers.alive));
  return text;
}

std::string CauseTree::json(const ResourceGroups& groups) const {
  std::string out = "[";
  write_json(out, root, groups);
  if (is_shown(unseen)) {
    out += ',';
    write_json(out, unseen, groups);
  }
  return out + "]\n";
}

void CauseTree::write_json(std::string& out, Node node, const ResourceGroups& groups) const {
  const Entry& entry = nodes_[node];
  const bool top = entry.cause == nobody;
  const ResourceGroup& group = groups[entry.group];
  fmt::format_to(std::back_inserter(out), R"({{"type":{})",
                 json_string(top ? label(node, groups) : group.type));
  if (!group.file.empty()) {
    fmt::format_to(std::back_inserter(out), R"(,"file":{},"line":{})", json_string(group.file),
                   group.line);
  }
  fmt::format_to(std::back_inserter(out), R"(,"made":{},"alive":{},"callbacks":{},"effects":[)",
                 entry.numbers.made, entry.numbers.alive, entry.numbers.callbacks);
  bool first = true;
  each_effect(node, [&](Node effect) {
    if (!std::exchange(first, false)) out += ',';
    write_json(out, effect, groups);
  });
  out += "]}";
}

}  // namespace contrail::inline v0::hooks
