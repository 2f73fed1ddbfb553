#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "contrail/detail/export.h"

namespace contrail::inline v0::hooks {

struct TriggerGraphOptions {
  bool track_promises = true;
  bool only_sampled = false;  ///< See run_sampled().
  /// Causes that differ: further ones are counted with what caused them. About 100 bytes each.
  std::size_t nodes_max = 16'384;
};

/// Who caused whom, in a tree of what caused what, where all that has the same type, creation site
/// and causes is one node with a count. A timer that starts the next one does not grow the tree: a
/// resource that is like one of its causes is counted there.
///
///     hooks::TriggerGraph graph;
///     …
///     fmt::print("{}", graph.tree());
///
///     root
///     └─ TCPSERVERWRAP at server.cc:12
///        └─ TCPWRAP at server.cc:12 (1,000 made, 3 alive)
///           └─ HTTPINCOMINGMESSAGE at server.cc:12 (5,000 made, 3 alive)
///              └─ FSREQCALLBACK at handler.cc:40 (5,000 made)
///
/// Made, read and destroyed on the Loop's thread.
class CONTRAIL_API TriggerGraph {
 public:
  explicit TriggerGraph(TriggerGraphOptions options = {});
  TriggerGraph(TriggerGraph&&) noexcept;
  TriggerGraph& operator=(TriggerGraph&&) noexcept;
  ~TriggerGraph();

  /// Goes on after disable(). What was made meanwhile is not known, and what was alive then is not
  /// counted as alive any more.
  TriggerGraph& enable();
  TriggerGraph& disable() noexcept;

  std::string tree() const;  ///< As above, in the order in which causes first appeared.
  std::string dot() const;   ///< For graphviz: dot -Tsvg.
  /// {"type", "file", "line", "made", "alive", "callbacks", "effects": [the same …]}
  std::string json() const;

  /// Resources that had no node of their own for lack of room.
  std::size_t folded() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0::hooks
