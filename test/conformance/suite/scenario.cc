#include "test/conformance/suite/scenario.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "test/conformance/suite/json_element.h"

namespace contrail::conformance {
namespace {

// Each list of ops is two arrays deep. What nests deeper would be a test of stacks.
constexpr std::size_t depth_max = 400;

enum class Field {
  source,
  sources,
  name,
  optional_name,
  storage,
  hook,
  text,
  kind,
  value,
  store,
  store_or_null,
  delay,
  count,
  options,
  ops,
  error_ops
};

/// The verbs, and what follows each of them, in order.
const std::map<std::string, std::vector<Field>, std::less<>>& grammar() {
  using enum Field;
  static const std::map<std::string, std::vector<Field>, std::less<>> verbs = {
      {"log", {text}},
      {"mark", {text}},
      {"run", {storage, store, ops}},
      {"exit", {storage, ops}},
      {"enterWith", {storage, store_or_null}},
      {"disable", {storage}},
      {"withScope", {storage, store, ops}},
      {"openScope", {storage, store, name}},
      {"closeScope", {source}},
      {"timeout", {delay, ops, optional_name}},
      {"interval", {delay, count, ops, optional_name}},
      {"immediate", {ops, optional_name}},
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
      {"executing", {kind, source}},
      {"snapshot", {name}},
      {"inSnapshot", {source, ops}},
      {"enable", {hook}},
      {"disableHook", {hook}},
  };
  return verbs;
}

/// As README.md calls it.
std::string_view label_of(Field field) {
  switch (field) {
    case Field::source: return "source";
    case Field::sources: return "[sources]";
    case Field::name: return "name";
    case Field::optional_name: return "name?";
    case Field::storage: return "als";
    case Field::hook: return "hook";
    case Field::text: return "text";
    case Field::kind: return "kind";
    case Field::value: return "value?";
    case Field::store: return "store";
    case Field::store_or_null: return "store or null";
    case Field::delay: return "ms";
    case Field::count: return "count";
    case Field::options: return "options?";
    case Field::ops: return "ops";
    case Field::error_ops: return "error ops";
  }
  return "";
}

/// Whether it may be absent, or null, if all that follows it may.
bool is_optional(Field field) {
  return field == Field::optional_name || field == Field::value || field == Field::options ||
         field == Field::ops || field == Field::error_ops;
}

std::size_t required_count(const std::vector<Field>& fields) {
  return static_cast<std::size_t>(
      std::find_if_not(fields.rbegin(), fields.rend(), is_optional).base() - fields.begin());
}

/// `"timeout" takes (ms, ops, name?)`
std::string signature(std::string_view verb, const std::vector<Field>& fields) {
  std::string labels;
  for (const Field field : fields) {
    if (!labels.empty()) labels += ", ";
    labels += label_of(field);
  }
  return fmt::format("\"{}\" takes ({})", verb, labels);
}

Operand parse_operand(const JsonElement& value, std::string_view what) {
  Operand operand;
  if (value.is_null()) return operand;
  if (!value.is_object()) {
    operand.integer = value.integer(what);
    return operand;
  }
  value.if_present("promise", [&](const JsonElement& name) {
    operand.promise = name.string("the promise's name");
  });
  value.if_present("thenable", [&](const JsonElement& name) {
    operand.thenable = name.string("the thenable's name");
  });
  if (!operand.promise && !operand.thenable) {
    value.fail(fmt::format("{} is an object without \"promise\" or \"thenable\"", what));
  }
  return operand;
}

ResourceOptions parse_options(const JsonElement& value, std::string_view what) {
  ResourceOptions options;
  value.expect_object(what);
  value.if_present("requireManualDestroy", [&](const JsonElement& flag) {
    options.require_manual_destroy = flag.boolean("requireManualDestroy");
  });
  value.if_present("triggerAsyncId", [&](const JsonElement& trigger) {
    const long long id = trigger.integer("triggerAsyncId");
    if (id < -1) trigger.fail("triggerAsyncId must be -1 or more");
    options.trigger_async_id = id == -1 ? unassigned_async_id : static_cast<AsyncId>(id);
  });
  return options;
}

std::string parse_kind(const JsonElement& argument, std::string_view what) {
  std::string kind = argument.string(what);
  if (kind == "timer" || kind == "promise" || kind == "resource") return kind;
  argument.fail(fmt::format("{} must be timer, promise or resource, not \"{}\"", what, kind));
}

/// `what`: how complaints call the argument.
void parse_field(Op& op, Field field, const JsonElement& argument, std::string_view what) {
  if (is_optional(field) && argument.is_null()) return;
  switch (field) {
    case Field::source:
    case Field::storage:
    case Field::hook: op.source = argument.string(what); break;
    case Field::sources: op.sources = argument.strings(what); break;
    case Field::name:
    case Field::optional_name: op.name = argument.string(what); break;
    case Field::text: op.text = argument.string(what); break;
    case Field::kind: op.text = parse_kind(argument, what); break;
    case Field::value: op.value = parse_operand(argument, what); break;
    case Field::store: op.value.integer = argument.integer(what); break;
    case Field::store_or_null:
      if (!argument.is_null()) op.value.integer = argument.integer(what);
      break;
    case Field::delay: op.delay = std::chrono::milliseconds(argument.integer(what)); break;
    case Field::count: op.count = argument.integer(what); break;
    case Field::options: op.options = parse_options(argument, what); break;
    case Field::ops: op.ops = parse_ops(argument, what); break;
    case Field::error_ops: op.error_ops = parse_ops(argument, what); break;
  }
}

Op parse_op(const JsonElement& list) {
  list.expect_array("an op");
  if (list.depth() > depth_max) list.fail("the ops are nested too deeply");
  if (list.size() == 0) list.fail("an op is empty: it starts with its name");
  Op op;
  const JsonElement verb = list.at(0);
  op.verb = verb.string("the name of an op");
  const auto rule = grammar().find(op.verb);
  if (rule == grammar().end()) verb.fail(fmt::format("unknown op \"{}\"", op.verb));
  const std::vector<Field>& fields = rule->second;
  const std::size_t count = list.size() - 1;
  if (count < required_count(fields) || count > fields.size()) {
    list.fail(fmt::format("{}, got {} argument{}", signature(op.verb, fields), count,
                          count == 1 ? "" : "s"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::string what = fmt::format("{}: {}", signature(op.verb, fields), label_of(fields[i]));
    parse_field(op, fields[i], list.at(i + 1), what);
  }
  return op;
}

}  // namespace

Ops parse_ops(const JsonElement& list, std::string_view what) {
  list.expect_array(what);
  Ops ops;
  for (std::size_t i = 0; i < list.size(); ++i) ops.push_back(parse_op(list.at(i)));
  return ops;
}

bool HookDeclaration::wants(std::string_view event) const {
  return !events || std::find(events->begin(), events->end(), event) != events->end();
}

}  // namespace contrail::conformance
