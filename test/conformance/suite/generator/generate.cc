#include "test/conformance/suite/generator/generate.h"

#include <fmt/core.h>

#include "test/conformance/suite/generator/hook_maker.h"

namespace contrail::conformance::generator {
namespace {

/// Invalid UTF-8 cannot come from here, but from what is shrunk: better a mark than an exception.
std::string line_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string lines_of(const Json& list) {
  std::string lines;
  for (const Json& item : list) {
    if (!lines.empty()) lines += ",\n";
    lines += "  " + line_of(item);
  }
  return lines;
}

Json declare_storages(Builder& builder) {
  Json storages = Json::array();
  for (const std::string& name : builder.storages) {
    if (builder.random.chance(0.1)) {
      storages.push_back(Json::object({{"name", name}, {"default", builder.value()}}));
    } else {
      storages.push_back(name);
    }
  }
  return storages;
}

/// What a handler performs. It must not throw: that ends a program in Node.
Json make_handler_ops(Builder& builder) {
  const Json log = Json::array({Json::array({"log", builder.label("H")})});
  const std::vector<Json> choices = {Json::array(), log,
                                     Json::array({Json::array({"nextTick", log})}),
                                     Json::array({Json::array({"microtask", log})})};
  return builder.random.pick(choices);
}

}  // namespace

Json generate(std::uint64_t seed, const std::string& profile) {
  Random random(fmt::format("{}/{}", profile, seed));
  const Profile& chosen = choose_profile(profile, random);
  Builder builder(random, chosen);
  Json storages = declare_storages(builder);
  MadeHooks made = make_hooks(builder);
  Json main = std::move(made.opening);
  for (Json& op : builder.list(builder.places.main(), 5, 16)) main.push_back(std::move(op));
  main.push_back(Json::array({"log", "end"}));
  Json scenario = {{"about", fmt::format("seed {} of profile {}", seed, profile)},
                   {"als", std::move(storages)},
                   {"hooks", std::move(made.hooks)},
                   {"main", std::move(main)}};
  if (random.chance(0.1)) scenario["onUncaught"] = make_handler_ops(builder);
  if (random.chance(0.1)) scenario["onUnhandled"] = make_handler_ops(builder);
  return scenario;
}

std::string text_of(const Json& scenario) {
  std::string text = "{";
  if (scenario.contains("about")) text += "\"about\": " + line_of(scenario["about"]) + ",\n ";
  const Json storages = scenario.value("als", Json::array());
  if (!storages.empty()) text += "\"als\": " + line_of(storages) + ",\n ";
  const Json hooks = scenario.value("hooks", Json::array());
  if (!hooks.empty()) text += "\"hooks\": [\n" + lines_of(hooks) + "\n ],\n ";
  for (const char* handler : {"onUncaught", "onUnhandled"}) {
    if (!scenario.contains(handler)) continue;
    text += fmt::format("\"{}\": {},\n ", handler, line_of(scenario[handler]));
  }
  const Json main = scenario.value("main", Json::array());
  return text + "\"main\": [\n" + lines_of(main) + "\n ]}\n";
}

}  // namespace contrail::conformance::generator
