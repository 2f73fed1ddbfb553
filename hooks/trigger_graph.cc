#include "contrail/hooks/trigger_graph.h"

#include "contrail/async_hook.h"
#include "contrail/hook_slot.h"
#include "hooks/cause_tree.h"
#include "hooks/resource_groups.h"

namespace contrail::inline v0::hooks {

struct TriggerGraph::State {
  explicit State(const TriggerGraphOptions& options)
      : groups(options.nodes_max),
        causes(options.nodes_max),
        hook({.init = [this](const ResourceInfo& made) { init(made); },
              .before = [this](AsyncId) { ++causes[node()].callbacks; },
              .destroy =
                  [this](AsyncId) {
                    if (const auto* known = nodes.get()) --causes[*known].alive;
                  },
              .track_promises = options.track_promises,
              .only_sampled = options.only_sampled}) {
    hook.enable();
  }

  void init(const ResourceInfo& made) {
    const auto* cause = nodes.of_trigger();
    const CauseTree::Node from = cause                                    ? *cause
                                 : made.trigger_async_id == root_async_id ? CauseTree::root
                                                                          : CauseTree::older;
    const CauseTree::Node node = causes.under(from, groups.of(made));
    ++causes[node].made;
    ++causes[node].alive;
    nodes.emplace(node);
  }
  CauseTree::Node node() const {
    const auto* known = nodes.get();
    return known ? *known : CauseTree::older;
  }

  ResourceGroups groups;
  CauseTree causes;
  HookSlot<CauseTree::Node> nodes;
  AsyncHook hook;
};

TriggerGraph::TriggerGraph(TriggerGraphOptions options)
    : state_(std::make_unique<State>(options)) {}
TriggerGraph::TriggerGraph(TriggerGraph&&) noexcept = default;
TriggerGraph& TriggerGraph::operator=(TriggerGraph&&) noexcept = default;
TriggerGraph::~TriggerGraph() = default;

TriggerGraph& TriggerGraph::enable() {
  state_->hook.enable();
  return *this;
}

TriggerGraph& TriggerGraph::disable() noexcept {
  state_->hook.disable();
  return *this;
}

std::string TriggerGraph::tree() const { return state_->causes.tree(state_->groups); }
std::string TriggerGraph::dot() const { return state_->causes.dot(state_->groups); }
std::string TriggerGraph::json() const { return state_->causes.json(state_->groups); }
std::size_t TriggerGraph::folded() const noexcept { return state_->causes.folded(); }

}  // namespace contrail::inline v0::hooks
