#include "test/conformance/suite/shrink.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <string>

namespace contrail::conformance {
namespace {

Json without(const Json& list, std::size_t start, std::size_t count) {
  Json rest = Json::array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i < start || i >= start + count) rest.push_back(list[i]);
  }
  return rest;
}

Json with(Json object_or_list, const auto& place, Json value) {
  object_or_list[place] = std::move(value);
  return object_or_list;
}

Json without_key(Json object, const char* key) {
  object.erase(key);
  return object;
}

/// The lists of ops that an op holds are its arrays of arrays; the combinators' lists of names are
/// arrays of strings.
bool is_ops(const Json& value) {
  return value.is_array() && !value.empty() &&
         std::all_of(value.begin(), value.end(), [](const Json& op) { return op.is_array(); });
}

std::vector<Json> smaller_lists(const Json& ops);

/// What may stand in the place of an op: the ops inside it, or the op with less inside.
std::vector<Json> replacements_of(const Json& op) {
  std::vector<Json> replacements;
  for (std::size_t i = 0; i < op.size(); ++i) {
    if (!is_ops(op[i])) continue;
    replacements.push_back(op[i]);
    for (Json& smaller : smaller_lists(op[i])) {
      replacements.push_back(Json::array({with(op, i, std::move(smaller))}));
    }
  }
  return replacements;
}

void add_cuts(std::vector<Json>& lists, const Json& ops) {
  for (std::size_t size = (ops.size() + 1) / 2; size >= 1; size = size == 1 ? 0 : (size + 1) / 2) {
    for (std::size_t start = 0; start < ops.size(); start += size) {
      lists.push_back(without(ops, start, size));
    }
  }
}

std::vector<Json> smaller_lists(const Json& ops) {
  std::vector<Json> lists;
  add_cuts(lists, ops);
  for (std::size_t i = 0; i < ops.size(); ++i) {
    for (const Json& replacement : replacements_of(ops[i])) {
      Json list = without(ops, i, ops.size());
      for (const Json& op : replacement) list.push_back(op);
      for (std::size_t j = i + 1; j < ops.size(); ++j) list.push_back(ops[j]);
      lists.push_back(std::move(list));
    }
  }
  return lists;
}

std::vector<Json> simpler_hooks(const Json& hook) {
  std::vector<Json> simpler;
  for (const char* key : {"onInit", "onBefore", "onAfter", "onDestroy", "onResolve"}) {
    if (!hook.contains(key)) continue;
    simpler.push_back(without_key(hook, key));
    for (Json& ops : smaller_lists(hook[key])) simpler.push_back(with(hook, key, std::move(ops)));
  }
  for (const char* key : {"times", "trackPromises"}) {
    if (hook.contains(key)) simpler.push_back(without_key(hook, key));
  }
  static const Json all = {"init", "before", "after", "destroy", "promiseResolve"};
  const Json events = hook.value("events", all);
  for (std::size_t i = 0; i < events.size(); ++i) {
    simpler.push_back(with(hook, "events", without(events, i, 1)));
  }
  return simpler;
}

bool mentions(const Json& scenario, std::initializer_list<const char*> verbs, const Json& name) {
  const std::string text = scenario["main"].dump() + scenario.value("hooks", Json::array()).dump();
  return std::any_of(verbs.begin(), verbs.end(), [&](const char* verb) {
    return text.find(fmt::format("[\"{}\",{}", verb, name.dump())) != std::string::npos;
  });
}

void add_with_fewer_hooks(std::vector<Json>& smaller, const Json& scenario) {
  const Json hooks = scenario.value("hooks", Json::array());
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    if (!mentions(scenario, {"enable", "disableHook"}, hooks[i]["name"])) {
      smaller.push_back(with(scenario, "hooks", without(hooks, i, 1)));
    }
    for (Json& hook : simpler_hooks(hooks[i])) {
      smaller.push_back(with(scenario, "hooks", with(hooks, i, std::move(hook))));
    }
  }
}

void add_with_fewer_storages(std::vector<Json>& smaller, const Json& scenario) {
  const Json storages = scenario.value("als", Json::array());
  for (std::size_t i = 0; i < storages.size(); ++i) {
    const Json& name = storages[i].is_object() ? storages[i]["name"] : storages[i];
    if (storages[i].is_object()) {
      smaller.push_back(with(scenario, "als", with(storages, i, name)));
    }
    if (mentions(scenario, {"run", "exit", "enterWith", "disable", "withScope", "openScope"},
                 name)) {
      continue;
    }
    smaller.push_back(with(scenario, "als", without(storages, i, 1)));
  }
}

}  // namespace

std::vector<Json> smaller_than(const Json& scenario) {
  std::vector<Json> smaller;
  for (Json& main : smaller_lists(scenario["main"])) {
    smaller.push_back(with(scenario, "main", std::move(main)));
  }
  for (const char* handler : {"onUncaught", "onUnhandled"}) {
    if (scenario.contains(handler)) smaller.push_back(without_key(scenario, handler));
  }
  add_with_fewer_hooks(smaller, scenario);
  add_with_fewer_storages(smaller, scenario);
  return smaller;
}

}  // namespace contrail::conformance
