#include "test/conformance/suite/generator/profiles.h"

#include <algorithm>

namespace contrail::conformance::generator {
namespace {

const Weights printing = {{"log", 7}, {"mark", 0.7}};
const Weights context = {{"run", 5}, {"exit", 2}, {"enterWith", 4}, {"disable", 1.5}};
const Weights scopes = {{"withScope", 2}, {"openScope", 1}, {"closeScope", 1}};
const Weights tasks = {
    {"timeout", 3}, {"interval", 1}, {"immediate", 3}, {"nextTick", 3}, {"microtask", 3}};
const Weights timer_control = {{"clear", 1.5},  {"refresh", 1},   {"unref", 0.7},      {"ref", 0.5},
                               {"hasRef", 0.4}, {"timerId", 0.4}, {"selfRefresh", 0.4}};
const Weights promise_making = {
    {"promise", 3}, {"resolved", 3}, {"rejected", 1}, {"async", 3}, {"thenable", 1}};
const Weights promise_use = {{"resolve", 4}, {"reject", 1},  {"then", 5},
                             {"then2", 1.5}, {"catch", 2.5}, {"finally", 1.5}};
const Weights combinators = {{"all", 0.7}, {"race", 0.7}, {"any", 0.7}, {"allSettled", 0.7}};
const Weights resources = {
    {"resource", 3}, {"scope", 3}, {"emitDestroy", 1.5}, {"bindResource", 1}, {"executing", 0.5}};
const Weights bound = {{"bind", 1},   {"bindTyped", 0.7}, {"alsBind", 1},
                       {"call", 2.5}, {"snapshot", 1},    {"inSnapshot", 1.5}};
const Weights hook_control = {{"enable", 1.5}, {"disableHook", 1}};
const Weights errors = {{"throw", 1}, {"try", 1}, {"repeat", 0.5}};

/// Each of the tables, and how much more often than usual its ops are drawn.
struct Scaled {
  const Weights& table;
  double factor;
};

Weights everything() {
  Weights all;
  for (const Weights* table :
       {&printing, &context, &scopes, &tasks, &timer_control, &promise_making, &promise_use,
        &combinators, &resources, &bound, &hook_control, &errors}) {
    all.insert(all.end(), table->begin(), table->end());
  }
  return all;
}

void set(Weights& weights, const std::string& op, double weight) {
  const auto entry = std::find_if(weights.begin(), weights.end(),
                                  [&](const auto& each) { return each.first == op; });
  if (entry != weights.end()) entry->second = weight;
}

Weights everything_but(const std::vector<Scaled>& changes) {
  Weights weights = everything();
  for (const Scaled& change : changes) {
    for (const auto& [op, weight] : change.table) set(weights, op, weight * change.factor);
  }
  return weights;
}

const std::vector<Profile>& profiles() {
  static const Weights more_errors = {{"rejected", 3}, {"reject", 3}, {"catch", 4}, {"then2", 3}};
  static const std::vector<Profile> all = {
      {"mixed", {0, 3}, {0, 3}, everything()},
      {"als",
       {1, 3},
       {0, 0},
       everything_but({{context, 2.5}, {scopes, 2.5}, {bound, 2}, {hook_control, 0}})},
      {"hooks",
       {0, 1},
       {2, 3},
       everything_but({{hook_control, 5}, {resources, 2}, {context, 0.5}})},
      {"promises",
       {0, 1},
       {0, 2},
       everything_but({{promise_making, 2.5},
                       {promise_use, 2.5},
                       {combinators, 2.5},
                       {tasks, 0.6},
                       {timer_control, 0.4},
                       {resources, 0.3},
                       {bound, 0.3},
                       {context, 0.5}})},
      {"timers",
       {0, 2},
       {0, 2},
       everything_but({{tasks, 3},
                       {timer_control, 4},
                       {promise_making, 0.4},
                       {promise_use, 0.4},
                       {combinators, 0.2},
                       {resources, 0.4},
                       {bound, 0.4}})},
      {"errors", {0, 2}, {0, 2}, everything_but({{errors, 4}, {more_errors, 1}})},
  };
  return all;
}

}  // namespace

double Profile::weight_of(const std::string& op) const {
  const auto entry = std::find_if(weights.begin(), weights.end(),
                                  [&](const auto& each) { return each.first == op; });
  return entry == weights.end() ? 0 : entry->second;
}

const Profile& choose_profile(const std::string& name, Random& random) {
  if (name == "all") return random.chance(0.5) ? profiles().front() : random.pick(profiles());
  return *std::find_if(profiles().begin(), profiles().end(),
                       [&](const Profile& profile) { return profile.name == name; });
}

std::vector<std::string> profile_names() {
  std::vector<std::string> names = {"all"};
  for (const Profile& profile : profiles()) names.push_back(profile.name);
  return names;
}

}  // namespace contrail::conformance::generator
