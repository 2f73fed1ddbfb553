#include "test/conformance/suite/scenario.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace contrail::conformance {
namespace {

using nlohmann::json;

enum class Field { source, sources, name, text, value, delay, count, options, ops, error_ops };

/// The verbs, and what follows each of them, in order.
const std::map<std::string, std::vector<Field>, std::less<>>& grammar() {
  using enum Field;
  static const std::map<std::string, std::vector<Field>, std::less<>> verbs = {
      {"log", {text}},
      {"mark", {text}},
      {"run", {source, value, ops}},
      {"exit", {source, ops}},
      {"enterWith", {source, value}},
      {"disable", {source}},
      {"withScope", {source, value, ops}},
      {"openScope", {source, value, name}},
      {"closeScope", {source}},
      {"timeout", {delay, ops, name}},
      {"interval", {delay, count, ops, name}},
      {"immediate", {ops, name}},
      {"nextTick", {ops}},
      {"microtask", {ops}},
      {"clear", {source}},
      {"refresh", {source}},
      {"ref", {source}},
      {"unref", {source}},
      {"hasRef", {source}},
      {"timerId", {source}},
      {"promise", {name, ops}},
      {"thenable", {name, ops}},
      {"resolve", {source, value}},
      {"reject", {source, text}},
      {"resolved", {name, value}},
      {"rejected", {name, text}},
      {"then", {source, name, ops}},
      {"then2", {source, name, ops, error_ops}},
      {"catch", {source, name, error_ops}},
      {"finally", {source, name, ops}},
      {"all", {sources, name}},
      {"race", {sources, name}},
      {"any", {sources, name}},
      {"allSettled", {sources, name}},
      {"async", {name, ops}},
      {"await", {value}},
      {"return", {value}},
      {"throw", {text}},
      {"try", {ops}},
      {"repeat", {count, ops}},
      {"resource", {name, text, options}},
      {"scope", {source, ops}},
      {"emitDestroy", {source}},
      {"bindResource", {source, name, ops}},
      {"bind", {name, ops}},
      {"bindTyped", {name, text, ops}},
      {"alsBind", {name, ops}},
      {"call", {source}},
      {"executing", {text, source}},
      {"snapshot", {name}},
      {"inSnapshot", {source, ops}},
      {"enable", {source}},
      {"disableHook", {source}},
  };
  return verbs;
}

Operand parse_operand(const json& value) {
  if (value.is_null()) return {};
  Operand operand;
  if (!value.is_object()) {
    operand.integer = value.get<long long>();
  } else if (value.contains("thenable")) {
    operand.thenable = value["thenable"].get<std::string>();
  } else {
    operand.promise = value.at("promise").get<std::string>();
  }
  return operand;
}

ResourceOptions parse_options(const json& value) {
  ResourceOptions options;
  options.require_manual_destroy = value.value("requireManualDestroy", false);
  if (auto trigger = value.find("triggerAsyncId"); trigger != value.end()) {
    const auto id = trigger->get<long long>();
    options.trigger_async_id = id == -1 ? unassigned_async_id : static_cast<AsyncId>(id);
  }
  return options;
}

Ops parse_ops(const json& list);

void parse_field(Op& op, Field field, const json& argument) {
  switch (field) {
    case Field::source: argument.get_to(op.source); break;
    case Field::sources: argument.get_to(op.sources); break;
    case Field::name: argument.get_to(op.name); break;
    case Field::text: argument.get_to(op.text); break;
    case Field::value: op.value = parse_operand(argument); break;
    case Field::delay: op.delay = std::chrono::milliseconds(argument.get<long long>()); break;
    case Field::count: argument.get_to(op.count); break;
    case Field::options: op.options = parse_options(argument); break;
    case Field::ops: op.ops = parse_ops(argument); break;
    case Field::error_ops: op.error_ops = parse_ops(argument); break;
  }
}

Op parse_op(const json& list) {
  Op op;
  op.verb = list.at(0).get<std::string>();
  const auto rule = grammar().find(op.verb);
  if (rule == grammar().end()) throw std::invalid_argument("unknown op: " + list.dump());
  const std::vector<Field>& fields = rule->second;
  for (std::size_t i = 0; i < fields.size() && i + 1 < list.size(); ++i) {
    parse_field(op, fields[i], list[i + 1]);
  }
  return op;
}

Ops parse_ops(const json& list) {
  Ops ops;
  for (const json& op : list) ops.push_back(parse_op(op));
  return ops;
}

/// A list that may be absent.
json list_at(const json& object, const char* key) { return object.value(key, json::array()); }

StorageDeclaration parse_storage(const json& value) {
  if (value.is_string()) return {.name = value.get<std::string>(), .default_value = {}};
  StorageDeclaration storage{.name = value.at("name").get<std::string>(), .default_value = {}};
  if (value.contains("default")) storage.default_value = value["default"].get<long long>();
  return storage;
}

HookDeclaration parse_hook(const json& object) {
  HookDeclaration hook;
  object.at("name").get_to(hook.name);
  if (object.contains("events")) hook.events = object["events"].get<std::vector<std::string>>();
  hook.track_promises = object.value("trackPromises", true);
  hook.on_init = parse_ops(list_at(object, "onInit"));
  hook.on_before = parse_ops(list_at(object, "onBefore"));
  hook.on_after = parse_ops(list_at(object, "onAfter"));
  hook.on_destroy = parse_ops(list_at(object, "onDestroy"));
  hook.on_resolve = parse_ops(list_at(object, "onResolve"));
  if (object.contains("times")) hook.times = object["times"].get<long long>();
  return hook;
}

}  // namespace

bool HookDeclaration::wants(std::string_view event) const {
  return !events || std::find(events->begin(), events->end(), event) != events->end();
}

Scenario parse_scenario(std::string_view text) {
  const json object = json::parse(text);
  Scenario scenario;
  for (const json& storage : list_at(object, "als")) {
    scenario.storages.push_back(parse_storage(storage));
  }
  for (const json& hook : list_at(object, "hooks")) scenario.hooks.push_back(parse_hook(hook));
  scenario.main = parse_ops(list_at(object, "main"));
  scenario.on_uncaught = parse_ops(list_at(object, "onUncaught"));
  if (object.contains("onUnhandled")) scenario.on_unhandled = parse_ops(object["onUnhandled"]);
  return scenario;
}

}  // namespace contrail::conformance
