#include "test/conformance/suite/generator/makers.h"

// AsyncResource, bound functions, snapshots and hooks.

namespace contrail::conformance::generator {
namespace {

std::vector<Json> make_resource(Builder& builder, const Place&) {
  static const std::vector<int> triggers = {0, 1, 1000000, 1000001};
  static const std::vector<std::string> types = {"RES", "JOB", "Query"};
  Json options = Json::object();
  if (builder.random.chance(0.3)) options["requireManualDestroy"] = true;
  if (builder.random.chance(0.2)) options["triggerAsyncId"] = builder.random.pick(triggers);
  const std::string name = builder.resources.define();
  Json op = Json::array({"resource", name, builder.random.pick(types)});
  if (!options.empty()) op.push_back(options);
  return {op};
}

std::vector<Json> make_scope(Builder& builder, const Place& place) {
  return use(builder.resources, [&](const auto& name) {
    return Json::array({"scope", name, builder.list(builder.places.inner(place))});
  });
}

std::vector<Json> make_emit_destroy(Builder& builder, const Place&) {
  return use(builder.resources, [](const auto& name) {
    return Json::array({"emitDestroy", name});
  });
}

Json bound_ops(Builder& builder, const Place& place) {
  return builder.list(builder.places.repeatedly(place), 0, 3);
}

// A bound function can be called only where it is complete, so that none can call itself.

std::vector<Json> make_bind_resource(Builder& builder, const Place& place) {
  const std::string name = builder.functions.fresh();
  return use(builder.resources, [&](const auto& resource) {
    Json op = Json::array({"bindResource", resource, name, bound_ops(builder, place)});
    builder.functions.publish(name);
    return op;
  });
}

std::vector<Json> make_bound(Builder& builder, const Place& place, const char* op) {
  const std::string name = builder.functions.fresh();
  Json made = Json::array({op, name, bound_ops(builder, place)});
  builder.functions.publish(name);
  return {made};
}

std::vector<Json> make_bind(Builder& builder, const Place& place) {
  return make_bound(builder, place, "bind");
}

std::vector<Json> make_als_bind(Builder& builder, const Place& place) {
  return make_bound(builder, place, "alsBind");
}

std::vector<Json> make_bind_typed(Builder& builder, const Place& place) {
  const std::string name = builder.functions.fresh();
  Json made = Json::array({"bindTyped", name, "BOUND", bound_ops(builder, place)});
  builder.functions.publish(name);
  return {made};
}

std::vector<Json> make_executing(Builder& builder, const Place&) {
  static const std::vector<std::string> kinds = {"timer", "promise", "resource"};
  const std::string& kind = builder.random.pick(kinds);
  Names& names = kind == "timer"     ? builder.timers
                 : kind == "promise" ? builder.promises
                                     : builder.resources;
  return use(names, [&](const auto& name) { return Json::array({"executing", kind, name}); });
}

std::vector<Json> make_call(Builder& builder, const Place&) {
  return use(builder.functions, [](const auto& name) { return Json::array({"call", name}); });
}

std::vector<Json> make_snapshot(Builder& builder, const Place&) {
  return {Json::array({"snapshot", builder.snapshots.define()})};
}

std::vector<Json> make_in_snapshot(Builder& builder, const Place& place) {
  return use(builder.snapshots, [&](const auto& name) {
    return Json::array({"inSnapshot", name, builder.list(builder.places.inner(place))});
  });
}

std::vector<Json> make_enable(Builder& builder, const Place&) {
  if (builder.hooks.empty()) return {};
  return {Json::array({"enable", builder.random.pick(builder.hooks)})};
}

std::vector<Json> make_disable_hook(Builder& builder, const Place&) {
  if (builder.hooks.empty()) return {};
  return {Json::array({"disableHook", builder.random.pick(builder.hooks)})};
}

}  // namespace

const Makers& resource_makers() {
  static const Makers makers = {
      {"resource", make_resource},
      {"scope", make_scope},
      {"emitDestroy", make_emit_destroy},
      {"bindResource", make_bind_resource},
      {"bind", make_bind},
      {"bindTyped", make_bind_typed},
      {"alsBind", make_als_bind},
      {"call", make_call},
      {"executing", make_executing},
      {"snapshot", make_snapshot},
      {"inSnapshot", make_in_snapshot},
      {"enable", make_enable},
      {"disableHook", make_disable_hook},
  };
  return makers;
}

}  // namespace contrail::conformance::generator
