#include "test/conformance/suite/generator/builder.h"

#include <utility>

#include "test/conformance/suite/generator/makers.h"

namespace contrail::conformance::generator {
namespace {

constexpr int deepest = 5;

/// Ops that hold no other ops, for where the budget or the depth is used up.
const std::vector<std::string> leaves = {"log",  "mark",   "enterWith",   "clear",      "resolve",
                                         "call", "enable", "disableHook", "emitDestroy"};

std::vector<std::string> first_of(std::vector<std::string> names, int count) {
  names.resize(static_cast<std::size_t>(count));
  return names;
}

/// The rest of an async function, behind an await.
Place after_await(Places& places, const Place& place, const Json& value) {
  const bool is_promise = value.is_object();
  Place next = is_promise ? places.sometime(place) : places.later(place, place.moment);
  next.depth = place.depth;
  next.taker = Taker::async;
  return next;
}

}  // namespace

Builder::Builder(Random& source, const Profile& chosen)
    : random(source),
      profile(chosen),
      calendar(random),
      storages(first_of({"a", "b", "c"},
                        random.integer(profile.storages.first, profile.storages.second))),
      hooks(first_of({"h", "g", "k"}, random.integer(profile.hooks.first, profile.hooks.second))),
      timers(random, "t"),
      scopes(random, "c"),
      promises(random, "p"),
      thenables(random, "y"),
      resources(random, "r"),
      functions(random, "f"),
      snapshots(random, "s") {}

Json Builder::promise_or(int value, double probability) {
  if (!random.chance(probability)) return value;
  const bool is_thenable = random.chance(0.15);
  const auto name = is_thenable ? thenables.use() : promises.use();
  if (!name) return value;
  return {{is_thenable ? "thenable" : "promise", *name}};
}

Json Builder::list(const Place& place, int low, int high) {
  if (!place.is_deferred) return list_of(place, low, high);
  for (Names* space : spaces()) space->enter_deferred();
  Json ops = list_of(place, low, high);
  for (Names* space : spaces()) space->leave_deferred();
  return ops;
}

Json Builder::list_of(Place place, int low, int high) {
  Json ops = Json::array();
  const auto length = static_cast<std::size_t>(random.integer(low, high));
  while (ops.size() < length) {
    for (Json& op : draw(place)) ops.push_back(std::move(op));
    const Json& last = ops.back();
    const bool returns = last[0] == "return" && place.taker != Taker::nobody;
    if (last[0] == "throw" || returns) break;  // what follows would not run
    if (last[0] == "await" && place.taker == Taker::async) {
      place = after_await(places, place, last[1]);
    }
  }
  return ops;
}

std::vector<Json> Builder::draw(const Place& place) {
  if (place.depth == 0) budget_ = random.integer(1, 14);
  if (Json settling = draw_settling(place.taker); !settling.is_null()) return {settling};
  const bool is_full = budget_ <= 0 || place.depth >= deepest;
  --budget_;
  for (int attempt = 0; attempt < 6; ++attempt) {
    const std::string& op = is_full ? random.pick(leaves) : random.weighted(profile.weights);
    if (op == "throw" && place.depth == 0 && random.chance(0.9)) continue;
    if (is_full && profile.weight_of(op) <= 0) continue;
    if (std::vector<Json> made = make(op, *this, place); !made.empty()) return made;
  }
  return make("log", *this, place);
}

/// await and return: where they count, and now and then where they are ignored.
Json Builder::draw_settling(Taker taker) {
  if (taker == Taker::async && random.chance(0.35)) {
    return Json::array({"await", promise_or(value(), 0.5)});
  }
  if (random.chance(taker == Taker::nobody ? 0.004 : 0.12)) {
    return Json::array({"return", promise_or(value(), 0.5)});
  }
  if (taker == Taker::nobody && random.chance(0.002)) return Json::array({"await", value()});
  return nullptr;
}

}  // namespace contrail::conformance::generator
