#include "contrail/testing/hook_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "contrail/async_hook.h"
#include "contrail/detail/hot_line.h"
#include "contrail/execution.h"
#include "contrail/resource_types.h"
#include "src/testing/life_cycle.h"

namespace contrail::inline v0::testing {

struct HookRecorder::State {
  explicit State(std::initializer_list<std::string_view> types);

  void add(HookEvent::Kind kind, AsyncId id, const ResourceInfo* made = nullptr);
  bool shown(std::string_view type) const;
  std::string name(AsyncId id) const;
  std::string line(const HookEvent& event) const;

  const std::vector<std::string> only_types;
  std::vector<HookEvent> events;
  std::vector<Activity> activities;
  std::unordered_map<AsyncId, std::size_t> positions;  ///< In activities.
  /// Of every resource, shown or not.
  std::unordered_map<AsyncId, std::string> names{
      {no_async_id, "nobody"}, {root_async_id, "root"}, {unassigned_async_id, "unassigned"}};
  std::map<std::string, std::size_t, std::less<>> made_of_type;
  AsyncHook hook;

 private:
  HookCallbacks callbacks();
  std::string_view type_of(AsyncId id, const ResourceInfo* made) const;
  const std::string& named(AsyncId id, std::string_view type);
  Activity& activity(AsyncId id, std::string_view type);
};

HookRecorder::State::State(std::initializer_list<std::string_view> types)
    : only_types(types.begin(), types.end()), hook(callbacks()) {
  hook.enable();
}

HookCallbacks HookRecorder::State::callbacks() {
  using enum HookEvent::Kind;
  HookCallbacks callbacks{
      .init = [this](const ResourceInfo& made) { add(init, made.async_id, &made); },
      .before = [this](AsyncId id) { add(before, id); },
      .after = [this](AsyncId id) { add(after, id); },
      .destroy = [this](AsyncId id) { add(destroy, id); },
      .track_promises = shown(resource_types::promise),
  };
  if (callbacks.track_promises) {
    callbacks.promise_resolve = [this](AsyncId id) { add(promise_resolve, id); };
  }
  return callbacks;
}

void HookRecorder::State::add(HookEvent::Kind kind, AsyncId id, const ResourceInfo* made) {
  const std::string_view type = type_of(id, made);
  named(id, type);
  if (!shown(type)) return;
  const AsyncId trigger = made ? made->trigger_async_id : no_async_id;
  events.push_back({kind, id, trigger, execution_async_id()});
  Activity& of_resource = activity(id, type);
  switch (kind) {
    case HookEvent::Kind::init:
      ++of_resource.inits;
      of_resource.trigger_async_id = trigger;
      break;
    case HookEvent::Kind::before: ++of_resource.befores; break;
    case HookEvent::Kind::after: ++of_resource.afters; break;
    case HookEvent::Kind::destroy: ++of_resource.destroys; break;
    case HookEvent::Kind::promise_resolve: ++of_resource.resolves; break;
  }
}

bool HookRecorder::State::shown(std::string_view type) const {
  return only_types.empty() ||
         std::find(only_types.begin(), only_types.end(), type) != only_types.end();
}

/// Resources that are older than the recorder show their type by running.
std::string_view HookRecorder::State::type_of(AsyncId id, const ResourceInfo* made) const {
  if (made) return made->type;
  if (const auto found = names.find(id); found != names.end()) {
    return std::string_view(found->second).substr(0, found->second.rfind(':'));
  }
  const ResourceInfo running = execution_async_resource();
  return running.async_id == id && !running.type.empty() ? running.type : "unknown";
}

const std::string& HookRecorder::State::named(AsyncId id, std::string_view type) {
  if (const auto found = names.find(id); found != names.end()) return found->second;
  std::size_t& number = made_of_type.try_emplace(std::string(type)).first->second;
  return names[id] = fmt::format("{}:{}", type, ++number);
}

Activity& HookRecorder::State::activity(AsyncId id, std::string_view type) {
  const auto [found, is_new] = positions.try_emplace(id, activities.size());
  if (is_new) {
    activities.push_back({.async_id = id, .type = std::string(type), .name = named(id, type)});
  }
  return activities[found->second];
}

std::string HookRecorder::State::name(AsyncId id) const {
  const auto found = names.find(id);
  return found != names.end() ? found->second : fmt::format("unknown:{}", id);
}

std::string HookRecorder::State::line(const HookEvent& event) const {
  const std::string who = name(event.async_id);
  switch (event.kind) {
    case HookEvent::Kind::before: return "before " + who;
    case HookEvent::Kind::after: return "after " + who;
    case HookEvent::Kind::destroy: return "destroy " + who;
    case HookEvent::Kind::promise_resolve: return "resolve " + who;
    case HookEvent::Kind::init: break;
  }
  std::string text = fmt::format("init {} by {}", who, name(event.trigger_async_id));
  if (event.execution_async_id != event.trigger_async_id) {
    text += " in " + name(event.execution_async_id);
  }
  return text;
}

HookRecorder::HookRecorder(std::initializer_list<std::string_view> only_types)
    : state_(std::make_unique<State>(only_types)) {}
HookRecorder::HookRecorder(HookRecorder&&) noexcept = default;
HookRecorder& HookRecorder::operator=(HookRecorder&&) noexcept = default;
HookRecorder::~HookRecorder() = default;

HookRecorder::State& HookRecorder::state() const noexcept {
  if (!state_) detail::die_moved_from("HookRecorder");
  return *state_;
}

void HookRecorder::stop() { state().hook.disable(); }

const std::vector<HookEvent>& HookRecorder::events() const noexcept { return state().events; }

const std::vector<Activity>& HookRecorder::activities() const noexcept {
  return state().activities;
}

const Activity& HookRecorder::first(std::string_view type) const {
  const auto is_it = [type](const Activity& activity) { return activity.type == type; };
  const auto found = std::find_if(state().activities.begin(), state().activities.end(), is_it);
  if (found == state().activities.end()) {
    throw std::out_of_range(fmt::format("HookRecorder: nothing happened to any {}", type));
  }
  return *found;
}

std::size_t HookRecorder::count(std::string_view type) const noexcept {
  const auto is_it = [type](const Activity& activity) { return activity.type == type; };
  return static_cast<std::size_t>(
      std::count_if(state().activities.begin(), state().activities.end(), is_it));
}

std::string HookRecorder::name(AsyncId id) const { return state().name(id); }

std::string HookRecorder::trace() const {
  std::string text;
  for (const HookEvent& event : state().events) text += state().line(event) + '\n';
  return text;
}

std::vector<std::string> HookRecorder::violations() const {
  LifeCycle rules;
  for (const HookEvent& event : state().events) {
    rules.see(event, state().activities[state().positions.at(event.async_id)]);
  }
  return rules.violations();
}

std::vector<std::string> HookRecorder::alive() const {
  std::vector<std::string> names;
  for (const Activity& activity : state().activities) {
    if (activity.inits > 0 && activity.destroys == 0) names.push_back(activity.name);
  }
  return names;
}

}  // namespace contrail::inline v0::testing
