#include "test/conformance/suite/generator/makers.h"

// Timers, immediates, ticks and microtasks.

namespace contrail::conformance::generator {
namespace {

std::string define_timer(Builder& builder) {
  return builder.timers.publish(builder.timers.fresh());
}

/// The ops of a timer that may fire again, by refresh, must themselves be fit to be performed
/// again.
std::vector<Json> make_timeout(Builder& builder, const Place& place) {
  const std::optional<int> delay = builder.calendar.plan_delay(place, 1);
  if (!delay) return {};
  const bool is_refreshable = place.moment && builder.random.chance(0.3);
  const auto moment = place.moment ? std::optional(*place.moment + *delay) : std::nullopt;
  const Json ops = builder.list(is_refreshable ? builder.places.repeatedly(place)
                                               : builder.places.later(place, moment));
  if (!is_refreshable && builder.random.chance(0.4)) {
    return {Json::array({"timeout", *delay, ops})};
  }
  const std::string name = define_timer(builder);
  if (is_refreshable) builder.refreshable.push_back({name, *delay, 1});
  return {Json::array({"timeout", *delay, ops, name})};
}

std::vector<Json> make_interval(Builder& builder, const Place& place) {
  const int count = builder.random.integer(1, 3);
  const auto delay = place.moment ? builder.calendar.plan_delay(place, count) : std::nullopt;
  if (!delay) return {};
  const Json ops = builder.list(builder.places.repeatedly(place));
  const std::string name = define_timer(builder);
  builder.refreshable.push_back({name, *delay, count});
  return {Json::array({"interval", *delay, count, ops, name})};
}

std::vector<Json> make_immediate(Builder& builder, const Place& place) {
  const Json ops = builder.list(builder.places.later(place, place.moment));
  if (builder.random.chance(0.6)) return {Json::array({"immediate", ops})};
  return {Json::array({"immediate", ops, define_timer(builder)})};
}

std::vector<Json> make_tick(Builder& builder, const Place& place) {
  return {Json::array({"nextTick", builder.list(builder.places.later(place, place.moment))})};
}

/// Where there are stores, nothing is thrown out of it, as V8 then runs the next job in the same
/// context: differences.md, 15.
std::vector<Json> make_microtask(Builder& builder, const Place& place) {
  Json ops = builder.list(builder.places.later(place, place.moment));
  if (!builder.storages.empty()) ops = Json::array({Json::array({"try", std::move(ops)})});
  return {Json::array({"microtask", std::move(ops)})};
}

std::vector<Json> make_clear(Builder& builder, const Place&) {
  return use(builder.timers, [](const auto& name) { return Json::array({"clear", name}); });
}

std::vector<Json> make_unref(Builder& builder, const Place&) {
  return use(builder.timers, [](const auto& name) { return Json::array({"unref", name}); });
}

std::vector<Json> make_ref(Builder& builder, const Place&) {
  return use(builder.timers, [](const auto& name) { return Json::array({"ref", name}); });
}

std::vector<Json> make_has_ref(Builder& builder, const Place&) {
  return use(builder.timers, [](const auto& name) { return Json::array({"hasRef", name}); });
}

std::vector<Json> make_timer_id(Builder& builder, const Place&) {
  return use(builder.timers, [](const auto& name) { return Json::array({"timerId", name}); });
}

std::vector<Json> make_refresh(Builder& builder, const Place& place) {
  if (builder.refreshable.empty()) return {};
  const Builder::Refreshable& timer = builder.random.pick(builder.refreshable);
  if (!builder.calendar.plan_again(place, timer.delay, timer.count)) return {};
  return {Json::array({"refresh", timer.name})};
}

/// A timer that refreshes itself until another, set first so that nothing can keep it from being
/// set, stops it.
std::vector<Json> make_self_refresh(Builder& builder, const Place& place) {
  const auto plan = builder.calendar.plan_self_refresh(place);
  if (!plan) return {};
  const std::string name = define_timer(builder);
  Json ops = Json::array({Json::array({"log", builder.label()}), Json::array({"refresh", name})});
  for (const Json& op : builder.list(builder.places.repeatedly(place), 0, 2)) ops.push_back(op);
  const Json stop = Json::array({Json::array({"clear", name})});
  return {Json::array({"timeout", plan->stop, stop}),
          Json::array({"timeout", plan->delay, ops, name})};
}

}  // namespace

const Makers& task_makers() {
  static const Makers makers = {
      {"timeout", make_timeout},     {"interval", make_interval},
      {"immediate", make_immediate}, {"nextTick", make_tick},
      {"microtask", make_microtask}, {"clear", make_clear},
      {"unref", make_unref},         {"ref", make_ref},
      {"hasRef", make_has_ref},      {"timerId", make_timer_id},
      {"refresh", make_refresh},     {"selfRefresh", make_self_refresh},
  };
  return makers;
}

}  // namespace contrail::conformance::generator
