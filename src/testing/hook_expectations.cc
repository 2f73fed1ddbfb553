#include "contrail/testing/hook_expectations.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/detail/hot_line.h"
#include "contrail/execution.h"
#include "contrail/resource_types.h"
#include "contrail/testing/hook_recorder.h"

namespace contrail::inline v0::testing {
namespace {

using Kind = HookEvent::Kind;

constexpr std::size_t events_shown = 30;

struct Step {
  Kind kind;
  std::string name;
  std::string by = {};  ///< Empty: whatever.
  std::string in = {};
  Function<bool(const ResourceInfo&)> where = {};
  std::string where_words = {};
  Function<bool()> when = {};
  std::string when_words = {};
};

std::string_view type_in(std::string_view name) { return name.substr(0, name.rfind(':')); }

std::string_view word(Kind kind) {
  switch (kind) {
    case Kind::init: return "init";
    case Kind::before: return "before";
    case Kind::after: return "after";
    case Kind::destroy: return "destroy";
    case Kind::promise_resolve: return "resolve";
  }
  return "";
}

/// The last lines of a trace, indented.
std::string shown(std::string_view trace) {
  std::vector<std::string_view> lines;
  while (!trace.empty()) {
    lines.push_back(trace.substr(0, trace.find('\n')));
    trace.remove_prefix(lines.back().size() + 1);
  }
  if (lines.empty()) return "  nothing\n";
  const std::size_t hidden = lines.size() > events_shown ? lines.size() - events_shown : 0;
  std::string text = hidden > 0 ? fmt::format("  ({} events more)\n", hidden) : "";
  for (std::size_t i = hidden; i < lines.size(); ++i) text += fmt::format("  {}\n", lines[i]);
  return text;
}

}  // namespace

struct HookExpectations::State : std::enable_shared_from_this<State> {
  explicit State(std::initializer_list<std::string_view> types);

  void see(Kind kind, AsyncId id, const ResourceInfo* made = nullptr);
  Step& latest(std::string_view what);
  Step& latest_init(std::string_view what);
  std::string result() const;

  std::deque<Step> steps;  ///< They stay where they are as more are added.
  bool nothing_else = false;

 private:
  HookCallbacks callbacks(std::initializer_list<std::string_view> types);
  std::string complaint(Step& step, Kind kind, AsyncId id, const ResourceInfo* made);
  bool stands_for(const std::string& name, AsyncId id);
  std::string text(const Step& step) const;
  void fail(std::string_view expected, std::string_view but);

  HookRecorder recorder_;  ///< Hears of each event first: its last event is the one at hand.
  std::size_t next_ = 0;
  std::map<std::string, AsyncId> named_;
  std::string failure_;
  AsyncHook hook_;
};

HookExpectations::State::State(std::initializer_list<std::string_view> types)
    : recorder_(types), hook_(callbacks(types)) {
  hook_.enable();
}

HookCallbacks HookExpectations::State::callbacks(std::initializer_list<std::string_view> types) {
  HookCallbacks callbacks{
      .init = [this](const ResourceInfo& made) { see(Kind::init, made.async_id, &made); },
      .before = [this](AsyncId id) { see(Kind::before, id); },
      .after = [this](AsyncId id) { see(Kind::after, id); },
      .destroy = [this](AsyncId id) { see(Kind::destroy, id); },
      .track_promises =
          types.size() == 0 || std::find(types.begin(), types.end(),
                                         std::string_view(resource_types::promise)) != types.end(),
  };
  if (callbacks.track_promises) {
    callbacks.promise_resolve = [this](AsyncId id) { see(Kind::promise_resolve, id); };
  }
  return callbacks;
}

void HookExpectations::State::see(Kind kind, AsyncId id, const ResourceInfo* made) {
  const std::vector<HookEvent>& events = recorder_.events();
  const bool looked_at =
      !events.empty() && events.back().kind == kind && events.back().async_id == id;
  if (!looked_at || !failure_.empty()) return;
  const auto keep = shared_from_this();  // What the user is asked may end it.
  if (next_ < steps.size()) {
    Step& step = steps[next_++];
    const std::string but = complaint(step, kind, id, made);
    if (!but.empty())
      fail(fmt::format("step {} of {}\n  {}\n", next_, steps.size(), text(step)), but);
  } else if (nothing_else) {
    fail("nothing else ", "there came");
  }
}

/// Empty if this is what the step expects.
std::string HookExpectations::State::complaint(Step& step, Kind kind, AsyncId id,
                                               const ResourceInfo* made) {
  if (step.kind == Kind::init) named_.erase(step.name);
  if (kind != step.kind || !stands_for(step.name, id)) return "there came";
  if (!step.by.empty() && !stands_for(step.by, made->trigger_async_id)) {
    return "it was caused by another";
  }
  if (!step.in.empty() && !stands_for(step.in, execution_async_id())) return "another was running";
  if (step.where && !step.where(*made)) return fmt::format("it is not {}", step.where_words);
  if (step.when && !step.when()) return fmt::format("this does not hold: {}", step.when_words);
  return "";
}

bool HookExpectations::State::stands_for(const std::string& name, AsyncId id) {
  const std::string real_name = recorder_.name(id);
  if (id == no_async_id || id == root_async_id || id == unassigned_async_id)
    return name == real_name;
  if (const auto found = named_.find(name); found != named_.end()) return found->second == id;
  const auto is_it = [id](const auto& named) { return named.second == id; };
  if (type_in(name) != type_in(real_name) || std::any_of(named_.begin(), named_.end(), is_it)) {
    return false;
  }
  named_.emplace(name, id);
  return true;
}

std::string HookExpectations::State::text(const Step& step) const {
  const auto with_its_id = [this](const std::string& name) {
    const auto found = named_.find(name);
    if (found == named_.end() || recorder_.name(found->second) == name) return name;
    return fmt::format("{} ({})", name, recorder_.name(found->second));
  };
  std::string text = fmt::format("{} {}", word(step.kind), with_its_id(step.name));
  if (!step.by.empty()) text += " by " + with_its_id(step.by);
  if (!step.in.empty()) text += " in " + with_its_id(step.in);
  if (step.where) text += ", " + step.where_words;
  if (step.when) text += ", while " + step.when_words;
  return text;
}

void HookExpectations::State::fail(std::string_view expected, std::string_view but) {
  std::string before = recorder_.trace();
  const std::size_t last = before.size() < 2 ? 0 : before.rfind('\n', before.size() - 2) + 1;
  const std::string event = before.substr(last);
  before.resize(last);
  failure_ =
      fmt::format("{}was to come\nbut {}\n{}after\n{}", expected, but, shown(event), shown(before));
}

Step& HookExpectations::State::latest(std::string_view what) {
  if (steps.empty()) {
    throw std::logic_error(fmt::format("HookExpectations: {}() follows a step", what));
  }
  return steps.back();
}

Step& HookExpectations::State::latest_init(std::string_view what) {
  if (latest(what).kind != Kind::init) {
    throw std::logic_error(fmt::format("HookExpectations: {}() follows an init()", what));
  }
  return steps.back();
}

std::string HookExpectations::State::result() const {
  if (!failure_.empty()) return failure_;
  if (next_ == steps.size()) return "ok";
  return fmt::format("step {} of {} has not come\n  {}\nafter\n{}", next_ + 1, steps.size(),
                     text(steps[next_]), shown(recorder_.trace()));
}

HookExpectations::HookExpectations(std::initializer_list<std::string_view> only_types)
    : state_(std::make_shared<State>(only_types)) {}
HookExpectations::HookExpectations(HookExpectations&&) noexcept = default;
HookExpectations& HookExpectations::operator=(HookExpectations&&) noexcept = default;
HookExpectations::~HookExpectations() = default;

HookExpectations::State& HookExpectations::state() const noexcept {
  if (!state_) detail::die_moved_from("HookExpectations");
  return *state_;
}

HookExpectations& HookExpectations::init(std::string_view name) {
  state().steps.push_back({.kind = Kind::init, .name = std::string(name)});
  return *this;
}

HookExpectations& HookExpectations::before(std::string_view name) {
  state().steps.push_back({.kind = Kind::before, .name = std::string(name)});
  return *this;
}

HookExpectations& HookExpectations::after(std::string_view name) {
  state().steps.push_back({.kind = Kind::after, .name = std::string(name)});
  return *this;
}

HookExpectations& HookExpectations::destroy(std::string_view name) {
  state().steps.push_back({.kind = Kind::destroy, .name = std::string(name)});
  return *this;
}

HookExpectations& HookExpectations::promise_resolve(std::string_view name) {
  state().steps.push_back({.kind = Kind::promise_resolve, .name = std::string(name)});
  return *this;
}

HookExpectations& HookExpectations::by(std::string_view name) {
  state().latest_init("by").by = name;
  return *this;
}

HookExpectations& HookExpectations::in(std::string_view name) {
  state().latest("in").in = name;
  return *this;
}

HookExpectations& HookExpectations::where(Function<bool(const ResourceInfo&)> holds,
                                          std::string_view words) {
  Step& step = state().latest_init("where");
  step.where = std::move(holds);
  step.where_words = words;
  return *this;
}

HookExpectations& HookExpectations::when(Function<bool()> holds, std::string_view words) {
  Step& step = state().latest("when");
  step.when = std::move(holds);
  step.when_words = words;
  return *this;
}

HookExpectations& HookExpectations::nothing_else() {
  state().nothing_else = true;
  return *this;
}

std::string HookExpectations::result() const { return state().result(); }

}  // namespace contrail::inline v0::testing
