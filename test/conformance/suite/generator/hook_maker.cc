#include "test/conformance/suite/generator/hook_maker.h"

#include <fmt/core.h>

#include <initializer_list>

namespace contrail::conformance::generator {
namespace {

Json op_of(std::initializer_list<Json> parts) {
  Json op = Json::array();
  for (const Json& part : parts) op.push_back(part);
  return op;
}

std::string numbered(Builder& builder, const char* prefix, int last) {
  return fmt::format("{}{}", prefix, builder.random.integer(0, last));
}

/// An op of onInit must not make a resource: its init would perform the op again, without end.
/// Disabling the hook first would not help, since that takes effect only after the outermost
/// emission.
Json make_on_init_op(Builder& builder) {
  Random& random = builder.random;
  const Json log = op_of({"log", builder.label("I")});
  const std::string promise = numbered(builder, "p", 3);
  std::vector<Json> choices = {
      log,
      op_of({"enable", random.pick(builder.hooks)}),
      op_of({"disableHook", random.pick(builder.hooks)}),
      op_of({"clear", numbered(builder, "t", 3)}),
      op_of({"emitDestroy", numbered(builder, "r", 2)}),
      op_of({"scope", numbered(builder, "r", 2), op_of({log})}),
      op_of({"resolve", promise, builder.value()}),
      op_of({"reject", promise, builder.label("E")}),
      op_of({"inSnapshot", numbered(builder, "s", 1), op_of({log})}),
      op_of({"try", op_of({log, op_of({"throw", builder.label("E")})})}),
  };
  if (!builder.storages.empty()) {
    const std::string& storage = random.pick(builder.storages);
    choices.push_back(op_of({"run", storage, builder.value(), op_of({log})}));
    choices.push_back(op_of({"exit", storage, op_of({log})}));
    choices.push_back(op_of({"enterWith", storage, builder.value()}));
    choices.push_back(op_of({"disable", storage}));
  }
  return random.pick(choices);
}

constexpr const char* creator_resource = "rOnce";
constexpr const char* creator_name = "fOnce";

/// A function that makes a resource when it is first called, and by then has replaced itself by a
/// harmless one: so onInit may call it.
Json make_once_only_creator(Builder& builder) {
  const Json log = op_of({op_of({"log", builder.label()})});
  const Json await_first = op_of({op_of({"await", 1}), log[0]});
  const std::vector<Json> creations = {
      op_of({"nextTick", log}),         op_of({"immediate", log}),
      op_of({"microtask", log}),        op_of({"resource", "rMade", "RES"}),
      op_of({"promise", "pMade", log}), op_of({"async", "pMade", await_first}),
      op_of({"resolved", "pMade", 1}),
  };
  const Json creation = builder.random.pick(creations);
  const Json harmless = op_of({op_of({"mark", builder.label()})});
  const Json body =
      op_of({op_of({"bindResource", creator_resource, creator_name, harmless}), creation});
  return op_of({op_of({"resource", creator_resource, "RES"}),
                op_of({"bindResource", creator_resource, creator_name, body})});
}

/// In `before` and the others, an op may well cause the same event again: a few times are enough.
void add_other_ops(Builder& builder, Json& hook) {
  static const std::vector<std::string> keys = {"onBefore", "onAfter", "onDestroy", "onResolve"};
  for (const std::string& key : builder.random.subset(keys, 0.08)) {
    Json op = make_on_init_op(builder);
    // Clearing a timer in its own `before` is a difference that we know: differences.md.
    if (key == "onBefore" && op[0] == "clear") op = op_of({"log", builder.label("I")});
    hook[key] = op_of({op});
    hook["times"] = builder.random.integer(1, 3);
  }
}

Json make_hook(Builder& builder, const std::string& name, bool has_creator) {
  static const std::vector<std::string> events = {"init", "before", "after", "destroy",
                                                  "promiseResolve"};
  Random& random = builder.random;
  // Node tells such a hook of the `after` of a promise that was rejected unhandled; contrail does
  // not.
  static const std::vector<std::string> without_promises = {"init", "before", "destroy"};
  Json hook = {{"name", name}};
  if (random.chance(0.1)) {
    hook["events"] = random.subset(without_promises, 0.8);
    hook["trackPromises"] = false;
  } else if (random.chance(0.35)) {
    hook["events"] = random.subset(events, 0.6);
  }
  add_other_ops(builder, hook);
  if (!random.chance(0.35)) return hook;
  Json ops = Json::array();
  const int count = random.integer(1, 2);
  for (int i = 0; i < count; ++i) ops.push_back(make_on_init_op(builder));
  if (has_creator && random.chance(0.7)) ops.push_back(op_of({"call", creator_name}));
  hook["onInit"] = std::move(ops);
  return hook;
}

}  // namespace

MadeHooks make_hooks(Builder& builder) {
  MadeHooks made;
  const bool has_creator = !builder.hooks.empty() && builder.random.chance(0.15);
  if (has_creator) made.opening = make_once_only_creator(builder);
  for (const std::string& name : builder.hooks) {
    made.hooks.push_back(make_hook(builder, name, has_creator));
  }
  for (const std::string& name : builder.random.subset(builder.hooks, 0.75)) {
    made.opening.push_back(op_of({"enable", name}));
  }
  return made;
}

}  // namespace contrail::conformance::generator
