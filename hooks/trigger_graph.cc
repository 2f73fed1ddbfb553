#include "contrail/hooks/trigger_graph.h"

#include "contrail/async_hook.h"
#include "contrail/hook_slot.h"
#include "hooks/cause_tree.h"
#include "hooks/resource_groups.h"

namespace contrail::inline v0::hooks {

struct TriggerGraph::State {
  struct Note {
    CauseTree::Node node;
    std::uint32_t period;
  };

  explicit State(const TriggerGraphOptions& options)
      : groups(options.nodes_max),
        causes(options.nodes_max),
        hook({.init = [this](const ResourceInfo& made) { init(made); },
              .before = [this](AsyncId) { ++causes[node()].callbacks; },
              .destroy =
                  [this](AsyncId) {
                    const Note* note = notes.get();
                    if (note && note->period == period) --causes[note->node].alive;
                    notes.erase();
                  },
              .track_promises = options.track_promises,
              .only_sampled = options.only_sampled}) {
    hook.enable();
  }

  void enable() {
    if (hook.enabled()) return;
    ++period;  // Whether what was alive still is, nobody has heard.
    causes.forget_the_living();
    hook.enable();
  }

  void init(const ResourceInfo& made) {
    const Note* cause = notes.of_trigger();
    const CauseTree::Node from = cause                                    ? cause->node
                                 : made.trigger_async_id == root_async_id ? CauseTree::root
                                                                          : CauseTree::unseen;
    const CauseTree::Node node = causes.under(from, groups.of(made));
    ++causes[node].made;
    ++causes[node].alive;
    notes.emplace({node, period});
  }
  CauseTree::Node node() const {
    const Note* known = notes.get();
    return known ? known->node : CauseTree::unseen;
  }

  ResourceGroups groups;
  CauseTree causes;
  HookSlot<Note> notes;
  std::uint32_t period = 0;  ///< From enable() to disable().
  AsyncHook hook;
};

TriggerGraph::TriggerGraph(TriggerGraphOptions options)
    : state_(std::make_unique<State>(options)) {}
TriggerGraph::TriggerGraph(TriggerGraph&&) noexcept = default;
TriggerGraph& TriggerGraph::operator=(TriggerGraph&&) noexcept = default;
TriggerGraph::~TriggerGraph() = default;

TriggerGraph& TriggerGraph::enable() {
  state_->enable();
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
