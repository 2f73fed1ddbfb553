#include "test/conformance/suite/generator/makers.h"

// Promises, reactions, combinators and async functions.

namespace contrail::conformance::generator {
namespace {

/// An op whose list is performed before what it names is defined.
Json make_opened(Builder& builder, const Place& place, const char* op, Taker taker) {
  const std::string name = builder.promises.define();
  builder.promises.open(name);
  Json ops = builder.list(builder.places.inner(place, taker), 0, 4);
  builder.promises.close(name);
  return Json::array({op, name, std::move(ops)});
}

std::vector<Json> make_promise(Builder& builder, const Place& place) {
  if (builder.random.chance(0.5)) return {Json::array({"promise", builder.promises.define()})};
  return {make_opened(builder, place, "promise", Taker::nobody)};
}

std::vector<Json> make_async(Builder& builder, const Place& place) {
  return {make_opened(builder, place, "async", Taker::async)};
}

/// Settles whoever asked: mostly before its then() returns.
std::vector<Json> make_thenable(Builder& builder, const Place& place) {
  const std::string name = builder.thenables.fresh();
  Json ops = builder.list(builder.places.repeatedly(place), 0, 2);
  if (builder.random.chance(0.7)) {
    ops.push_back(Json::array({"resolve", name, builder.value()}));
  } else {
    ops.push_back(Json::array({"reject", name, builder.label("E")}));
  }
  builder.thenables.publish(name);
  return {Json::array({"thenable", name, std::move(ops)})};
}

std::vector<Json> make_resolved(Builder& builder, const Place&) {
  const Json value = builder.promise_or(builder.value(), 0.2);
  return {Json::array({"resolved", builder.promises.define(), value})};
}

std::vector<Json> make_rejected(Builder& builder, const Place&) {
  const std::string name = builder.promises.define();
  const Json rejected = Json::array({"rejected", name, builder.label("E")});
  if (builder.random.chance(0.5)) return {rejected};
  const std::string caught = builder.promises.define();
  const Json ops = Json::array({Json::array({"log", builder.label()})});
  return {rejected, Json::array({"catch", name, caught, ops})};
}

std::vector<Json> make_resolve(Builder& builder, const Place&) {
  return use(builder.promises, [&](const auto& name) {
    return Json::array({"resolve", name, builder.promise_or(builder.value(), 0.25)});
  });
}

std::vector<Json> make_reject(Builder& builder, const Place&) {
  return use(builder.promises, [&](const auto& name) {
    return Json::array({"reject", name, builder.label("E")});
  });
}

std::vector<Json> make_reaction(Builder& builder, const Place& place, const char* op, int lists) {
  return use(builder.promises, [&](const auto& source) {
    Json reaction = Json::array({op, source, builder.promises.define()});
    for (int i = 0; i < lists; ++i) {
      reaction.push_back(builder.list(builder.places.sometime(place, Taker::reaction), 0, 3));
    }
    return reaction;
  });
}

std::vector<Json> make_then(Builder& builder, const Place& place) {
  return make_reaction(builder, place, "then", 1);
}

std::vector<Json> make_then_or(Builder& builder, const Place& place) {
  return make_reaction(builder, place, "then2", 2);
}

std::vector<Json> make_catch(Builder& builder, const Place& place) {
  return make_reaction(builder, place, "catch", 1);
}

std::vector<Json> make_finally(Builder& builder, const Place& place) {
  return make_reaction(builder, place, "finally", 1);
}

std::vector<Json> make_combination(Builder& builder, const char* op) {
  Json sources = Json::array();
  const int count = builder.random.integer(0, 3);
  for (int i = 0; i < count; ++i) {
    if (const auto name = builder.promises.use()) sources.push_back(*name);
  }
  return {Json::array({op, sources, builder.promises.define()})};
}

std::vector<Json> make_all(Builder& builder, const Place&) {
  return make_combination(builder, "all");
}

std::vector<Json> make_race(Builder& builder, const Place&) {
  return make_combination(builder, "race");
}

std::vector<Json> make_any(Builder& builder, const Place&) {
  return make_combination(builder, "any");
}

std::vector<Json> make_all_settled(Builder& builder, const Place&) {
  return make_combination(builder, "allSettled");
}

}  // namespace

const Makers& promise_makers() {
  static const Makers makers = {
      {"promise", make_promise},   {"async", make_async},       {"thenable", make_thenable},
      {"resolved", make_resolved}, {"rejected", make_rejected}, {"resolve", make_resolve},
      {"reject", make_reject},     {"then", make_then},         {"then2", make_then_or},
      {"catch", make_catch},       {"finally", make_finally},   {"all", make_all},
      {"race", make_race},         {"any", make_any},           {"allSettled", make_all_settled},
  };
  return makers;
}

}  // namespace contrail::conformance::generator
