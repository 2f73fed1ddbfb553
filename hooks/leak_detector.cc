#include "contrail/hooks/leak_detector.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "contrail/async_context.h"
#include "contrail/async_hook.h"
#include "contrail/event_time.h"
#include "contrail/hook_slot.h"
#include "hooks/held_contexts.h"
#include "hooks/resource_groups.h"

namespace contrail::inline v0::hooks {
namespace {

std::int64_t now() noexcept { return event_time().time_since_epoch().count(); }

/// What is noted about a resource.
struct Seen {
  std::uint32_t group;
  Number holder;  ///< Of its context, or none.
  Number maker;   ///< Of contexts, or none so far.
  std::uint32_t period : 31;
  std::uint32_t settled : 1;
};

}  // namespace

struct LeakDetector::State {
  explicit State(LeakDetectorOptions its_options);

  void enable();
  void disable() noexcept { hook_.disable(); }

  const ResourceGroup& group(std::size_t number) const {
    return groups[static_cast<std::uint32_t>(number)];
  }

  LeakDetectorOptions options;
  ResourceGroups groups;
  std::vector<std::uint64_t> live;
  std::vector<std::uint64_t> dropped;
  std::optional<HeldContexts> contexts;

 private:
  void init(const ResourceInfo& made);
  void destroy();
  Number hold_context(std::uint32_t group);
  /// What was noted, if it was in this period.
  Seen* current(Seen* seen) const noexcept {
    return seen && seen->period == period_ ? seen : nullptr;
  }

  HookSlot<Seen> seen_;
  std::uint32_t period_ = 0;  ///< From enable() to disable(), after which nothing is certain.
  AsyncHook hook_;
};

LeakDetector::State::State(LeakDetectorOptions its_options)
    : options(its_options), groups(options.groups_max), hook_([this] {
        HookCallbacks callbacks{.init = [this](const ResourceInfo& made) { init(made); },
                                .destroy = [this](AsyncId) { destroy(); },
                                .track_promises = options.track_promises};
        if (options.track_promises) {
          callbacks.promise_resolve = [this](AsyncId) {
            if (Seen* seen = seen_.get()) seen->settled = true;
          };
        }
        return callbacks;
      }()) {
  enable();
}

void LeakDetector::State::enable() {
  if (hook_.enabled()) return;
  ++period_;
  live.assign(groups.size(), 0);
  dropped.assign(groups.size(), 0);
  contexts.emplace(options.resources_max);
  hook_.enable();
}

void LeakDetector::State::init(const ResourceInfo& made) {
  const std::uint32_t group = groups.of(made);
  if (group >= live.size()) {
    live.resize(group + 1);
    dropped.resize(group + 1);
  }
  ++live[group];
  const bool is_promise = made.type == "PROMISE";
  seen_.emplace({group, hold_context(group), HeldContexts::none, period_, !is_promise});
}

Number LeakDetector::State::hold_context(std::uint32_t group) {
  const void* context = async_context::is_empty() ? nullptr : async_context::identity();
  if (!context) return HeldContexts::none;
  Number maker = HeldContexts::none;
  if (!contexts->knows(context)) {
    if (Seen* running = current(seen_.of_running())) {
      if (running->maker == HeldContexts::none)
        running->maker = contexts->add_maker(running->group);
      maker = running->maker;
    }
  }
  return contexts->hold(context, group, maker);
}

void LeakDetector::State::destroy() {
  const Seen* seen = current(seen_.get());
  if (!seen) return;
  --live[seen->group];
  if (!seen->settled) ++dropped[seen->group];
  if (seen->maker != HeldContexts::none) contexts->maker_went(seen->maker, now());
  if (seen->holder != HeldContexts::none) contexts->let_go(seen->holder);
  seen_.erase();
}

LeakDetector::LeakDetector(LeakDetectorOptions options)
    : state_(std::make_unique<State>(options)) {}
LeakDetector::LeakDetector(LeakDetector&&) noexcept = default;
LeakDetector& LeakDetector::operator=(LeakDetector&&) noexcept = default;
LeakDetector::~LeakDetector() = default;

LeakDetector& LeakDetector::enable() {
  state_->enable();
  return *this;
}

LeakDetector& LeakDetector::disable() noexcept {
  state_->disable();
  return *this;
}

LeakDetector::Mark LeakDetector::mark() const {
  Mark mark;
  mark.live_ = state_->live;
  return mark;
}

std::vector<LeakDetector::Growth> LeakDetector::growth_since(const Mark& mark) const {
  return steady_growth({mark, this->mark()});
}

std::vector<LeakDetector::Growth> LeakDetector::steady_growth(
    const std::vector<Mark>& marks) const {
  std::vector<Growth> all;
  if (marks.empty()) return all;
  const auto live = [](const Mark& mark, std::size_t group) {
    return group < mark.live_.size() ? mark.live_[group] : 0;
  };
  for (std::size_t group = 0; group < marks.back().live_.size(); ++group) {
    const auto does_not_grow = [&](const Mark& one, const Mark& next) {
      return live(next, group) <= live(one, group);
    };
    if (std::adjacent_find(marks.begin(), marks.end(), does_not_grow) != marks.end()) continue;
    all.push_back({state_->group(group).description(), live(marks.front(), group),
                   live(marks.back(), group)});
  }
  std::stable_sort(all.begin(), all.end(), [](const Growth& one, const Growth& other) {
    return one.now - one.before > other.now - other.before;
  });
  return all;
}

std::vector<LeakDetector::Dropped> LeakDetector::promises_dropped() const {
  std::vector<Dropped> all;
  for (std::size_t group = 0; group < state_->dropped.size(); ++group) {
    if (const std::uint64_t promises = state_->dropped[group]) {
      all.push_back({state_->group(group).description(), promises});
    }
  }
  return all;
}

std::vector<LeakDetector::Outliving> LeakDetector::contexts_outliving(
    std::chrono::nanoseconds by_more_than) const {
  const std::int64_t time = now();
  std::map<std::pair<std::uint32_t, std::uint32_t>, Outliving> found;
  state_->contexts->each_outliving([&](const HeldContexts::Held& held) {
    const std::chrono::nanoseconds since(time - held.maker_went_at);
    if (since <= by_more_than) return;
    std::vector<std::uint32_t> groups = held.holder_groups;
    std::sort(groups.begin(), groups.end());
    for (auto group = groups.begin(); group != groups.end();) {
      const auto end = std::upper_bound(group, groups.end(), *group);
      Outliving& line = found[{held.maker_group, *group}];
      line.holders += static_cast<std::uint64_t>(end - group);
      ++line.contexts;
      line.time = std::max(line.time, since);
      group = end;
    }
  });
  std::vector<Outliving> all;
  for (auto& [pair, line] : found) {
    line.maker = state_->group(pair.first).description();
    line.holder = state_->group(pair.second).description();
    all.push_back(std::move(line));
  }
  std::stable_sort(all.begin(), all.end(), [](const Outliving& one, const Outliving& other) {
    return one.time > other.time;
  });
  return all;
}

std::string LeakDetector::text(const Mark& since) const {
  std::string out;
  auto to = std::back_inserter(out);
  for (const Growth& growth : growth_since(since)) {
    fmt::format_to(to, "{} more {}: {}, then {}\n", growth.now - growth.before, growth.group,
                   growth.before, growth.now);
  }
  for (const Dropped& dropped : promises_dropped()) {
    fmt::format_to(to, "{} {} dropped, settled by nobody\n", dropped.promises, dropped.group);
  }
  for (const Outliving& line : contexts_outliving()) {
    const double seconds = std::chrono::duration<double>(line.time).count();
    fmt::format_to(to, "{} held by {} {}, for {:.1f} s after {}, which entered {}, was gone\n",
                   line.contexts == 1 ? "a context" : fmt::format("{} contexts", line.contexts),
                   line.holders, line.holder, seconds, line.maker,
                   line.contexts == 1 ? "it" : "them");
  }
  return out.empty() ? "nothing grew\n" : out;
}

std::uint64_t LeakDetector::not_looked_after() const noexcept {
  return state_->contexts->turned_away();
}

}  // namespace contrail::inline v0::hooks
