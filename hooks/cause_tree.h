#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "hooks/resource_groups.h"

namespace contrail::inline v0::hooks {

/// Groups of resources by what caused them: each node is a group under the node of its cause. A
/// group that is among its own causes is that node again.
class CauseTree {
 public:
  using Node = std::uint32_t;
  static constexpr Node root = 0;
  static constexpr Node unseen = 1;  ///< What is not in the tree: older, or not sampled.

  explicit CauseTree(std::size_t nodes_max);

  /// The node of a group that this one has caused; made if there is room, else the cause's own.
  Node under(Node cause, std::uint32_t group);

  struct Numbers {
    std::uint64_t made = 0;
    std::uint64_t alive = 0;
    std::uint64_t callbacks = 0;
  };
  Numbers& operator[](Node node) { return nodes_[node].numbers; }
  void forget_the_living() noexcept {
    for (Entry& entry : nodes_) entry.numbers.alive = 0;
  }
  std::size_t folded() const noexcept { return folded_; }

  std::string tree(const ResourceGroups& groups) const;
  std::string dot(const ResourceGroups& groups) const;
  std::string json(const ResourceGroups& groups) const;

 private:
  static constexpr Node nobody = ~Node{0};
  /// So that whoever walks the tree may recurse.
  static constexpr std::uint16_t depth_max = 256;

  struct Entry {
    std::uint32_t group;
    Node cause;
    std::uint16_t depth = 0;
    Node first_effect = nobody;
    Node last_effect = nobody;
    Node next = nobody;  ///< Effect of the same cause.
    Numbers numbers = {};
  };

  Node* place_for(Node cause, std::uint32_t group);
  Node find_among_causes(Node cause, std::uint32_t group) const;
  void append(Node effect);
  void grow();
  void write_tree(std::string& out, Node node, const std::string& indent,
                  const ResourceGroups& groups) const;
  void write_json(std::string& out, Node node, const ResourceGroups& groups) const;
  std::string label(Node node, const ResourceGroups& groups) const;
  std::string dot_label(Node node, const ResourceGroups& groups) const;
  bool is_shown(Node node) const;
  template <class Visit>
  void each_effect(Node cause, Visit visit) const {
    for (Node node = nodes_[cause].first_effect; node != nobody; node = nodes_[node].next) {
      visit(node);
    }
  }

  std::size_t nodes_max_;
  std::vector<Entry> nodes_;
  /// A hash table of nodes by cause and group, with open addressing, never more than half full.
  std::vector<Node> table_;
  std::size_t folded_ = 0;
};

}  // namespace contrail::inline v0::hooks
