#include "contrail/hooks/context_loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "contrail/async_context.h"
#include "contrail/async_hook.h"
#include "contrail/hook_slot.h"
#include "hooks/resource_groups.h"

namespace contrail::inline v0::hooks {

struct ContextLoss::State {
  /// What is noted about a resource.
  struct Seen {
    std::uint32_t group;
    bool had_context;
    std::uint32_t lost_in;  ///< An index of lost_, or kept.
  };
  struct Lost {
    std::uint32_t group;
    std::uint32_t cause;
    std::uint64_t made = 0;
    std::uint64_t callbacks = 0;
  };
  static constexpr std::uint32_t kept = ~std::uint32_t{0};
  static constexpr std::size_t groups_max = 4096;  ///< Most of which lose nothing.

  explicit State(ContextLossOptions its_options)
      : options(std::move(its_options)),
        groups(groups_max),
        hook({.init = [this](const ResourceInfo& made) { init(made); },
              .before =
                  [this](AsyncId) {
                    const Seen* its = seen.get();
                    if (its && its->lost_in != kept) ++lost[its->lost_in].callbacks;
                  },
              .track_promises = options.track_promises}) {
    lost.push_back({ResourceGroups::none, ResourceGroups::none});
    hook.enable();
  }

  void init(const ResourceInfo& made) {
    const bool has = options.has_context ? options.has_context() : !async_context::is_empty();
    Seen its{groups.of(made), has, kept};
    const Seen* cause = seen.of_trigger();
    if (!has && cause && cause->had_context) {
      its.lost_in = place_of(its.group, cause->group);
      ++lost[its.lost_in].made;
    }
    seen.emplace(its);
  }

  std::uint32_t place_of(std::uint32_t group, std::uint32_t cause) {
    const auto is_it = [&](const Lost& it) { return it.group == group && it.cause == cause; };
    const auto found = std::find_if(lost.begin(), lost.end(), is_it);
    if (found != lost.end()) return static_cast<std::uint32_t>(found - lost.begin());
    if (lost.size() > options.places_max) return 0;
    lost.push_back({group, cause});
    return static_cast<std::uint32_t>(lost.size() - 1);
  }

  ContextLossOptions options;
  ResourceGroups groups;
  std::vector<Lost> lost;  ///< The first is for those that came when there were too many.
  HookSlot<Seen> seen;
  AsyncHook hook;
};

ContextLoss::ContextLoss(ContextLossOptions options)
    : state_(std::make_unique<State>(std::move(options))) {}
ContextLoss::ContextLoss(ContextLoss&&) noexcept = default;
ContextLoss& ContextLoss::operator=(ContextLoss&&) noexcept = default;
ContextLoss::~ContextLoss() = default;

ContextLoss& ContextLoss::enable() {
  state_->hook.enable();
  return *this;
}

ContextLoss& ContextLoss::disable() noexcept {
  state_->hook.disable();
  return *this;
}

std::vector<ContextLoss::Place> ContextLoss::places() const {
  std::vector<Place> all;
  for (const State::Lost& lost : state_->lost) {
    if (lost.made == 0) continue;
    all.push_back({state_->groups[lost.group].description(),
                   state_->groups[lost.cause].description(), lost.made, lost.callbacks});
  }
  return all;
}

std::string ContextLoss::text() const {
  std::string out;
  for (const Place& place : places()) {
    fmt::format_to(std::back_inserter(out),
                   "{} {} made without a context: {} callback{}; {}, which caused {}, had one\n",
                   place.made, place.lost, place.callbacks, place.callbacks == 1 ? "" : "s",
                   place.cause, place.made == 1 ? "it" : "them");
  }
  return out.empty() ? "no context was lost\n" : out;
}

}  // namespace contrail::inline v0::hooks
