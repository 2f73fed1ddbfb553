#include "test/conformance/suite/scenario_reader.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "test/conformance/suite/json_element.h"

namespace contrail::conformance {
namespace {

using nlohmann::json;

std::vector<std::string> parse_events(const JsonElement& list) {
  const std::vector<std::string> known = {"init", "before", "after", "destroy", "promiseResolve"};
  std::vector<std::string> events = list.strings("\"events\"");
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (std::find(known.begin(), known.end(), events[i]) != known.end()) continue;
    list.at(i).fail(fmt::format("unknown event \"{}\": there are {}", events[i],
                                "init, before, after, destroy and promiseResolve"));
  }
  return events;
}

/// A name that is there and says something.
std::string parse_name(const JsonElement& object, std::string_view what) {
  std::string name;
  object.if_present("name", [&](const JsonElement& element) { name = element.string("the name"); });
  if (name.empty()) object.fail(fmt::format("{} has no \"name\"", what));
  return name;
}

/// A list that may be absent.
Ops parse_ops_at(const JsonElement& object, const std::string& key) {
  Ops ops;
  object.if_present(
      key, [&](const JsonElement& list) { ops = parse_ops(list, fmt::format("\"{}\"", key)); });
  return ops;
}

HookDeclaration parse_hook(const JsonElement& object) {
  object.expect_object("a hook");
  HookDeclaration hook;
  hook.name = parse_name(object, "a hook");
  object.if_present("events", [&](const JsonElement& list) { hook.events = parse_events(list); });
  object.if_present("trackPromises", [&](const JsonElement& flag) {
    hook.track_promises = flag.boolean("\"trackPromises\"");
  });
  if (!hook.track_promises && hook.wants("promiseResolve")) {
    object.fail("a hook without trackPromises leaves promiseResolve out of its events");
  }
  hook.on_init = parse_ops_at(object, "onInit");
  hook.on_before = parse_ops_at(object, "onBefore");
  hook.on_after = parse_ops_at(object, "onAfter");
  hook.on_destroy = parse_ops_at(object, "onDestroy");
  hook.on_resolve = parse_ops_at(object, "onResolve");
  object.if_present("times",
                    [&](const JsonElement& times) { hook.times = times.integer("\"times\""); });
  return hook;
}

StorageDeclaration parse_storage(const JsonElement& element) {
  StorageDeclaration storage;
  if (element.is_string()) {
    storage.name = element.string("a storage");
    return storage;
  }
  element.expect_object("a storage");
  storage.name = parse_name(element, "a storage");
  element.if_present("default", [&](const JsonElement& value) {
    storage.default_value = value.integer("\"default\"");
  });
  return storage;
}

std::vector<StorageDeclaration> parse_storages(const JsonElement& list) {
  list.expect_array("\"als\"");
  std::vector<StorageDeclaration> storages;
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    storages.push_back(parse_storage(list.at(i)));
    if (!names.insert(storages.back().name).second) {
      list.at(i).fail("a second storage of this name");
    }
  }
  return storages;
}

std::vector<HookDeclaration> parse_hooks(const JsonElement& list) {
  list.expect_array("\"hooks\"");
  std::vector<HookDeclaration> hooks;
  std::set<std::string> names;
  for (std::size_t i = 0; i < list.size(); ++i) {
    hooks.push_back(parse_hook(list.at(i)));
    if (!names.insert(hooks.back().name).second) list.at(i).fail("a second hook of this name");
  }
  return hooks;
}

Scenario parse_document(const JsonElement& object) {
  object.expect_object("a scenario");
  Scenario scenario;
  object.if_present("about", [&](const JsonElement& about) {
    if (about.is_string()) scenario.about = about.string("\"about\"");
  });
  object.if_present("als",
                    [&](const JsonElement& list) { scenario.storages = parse_storages(list); });
  object.if_present("hooks", [&](const JsonElement& list) { scenario.hooks = parse_hooks(list); });
  scenario.main = parse_ops_at(object, "main");
  scenario.on_uncaught = parse_ops_at(object, "onUncaught");
  object.if_present("onUnhandled", [&](const JsonElement& list) {
    scenario.on_unhandled = parse_ops(list, "\"onUnhandled\"");
  });
  return scenario;
}

/// The library's message without its own account of where. It may quote a very long token.
std::string complaint_of(const json::exception& error) {
  constexpr std::size_t length_max = 200;
  const std::string_view whole = error.what();
  const std::string_view message = whole.size() < length_max ? whole : whole.substr(0, length_max);
  const std::size_t syntax = message.find("syntax error");
  if (syntax != std::string_view::npos) return std::string(message.substr(syntax));
  const std::size_t bracket = message.find("] ");
  return std::string(bracket == std::string_view::npos ? message : message.substr(bracket + 2));
}

/// The only complaint that has no position is about a number too big, which it quotes.
std::size_t offset_of(const json::exception& error, std::string_view text) {
  if (const auto* syntax = dynamic_cast<const json::parse_error*>(&error)) {
    return syntax->byte > 0 ? syntax->byte - 1 : 0;
  }
  const std::string_view message = error.what();
  const std::size_t quote = message.find('\'');
  if (quote == std::string_view::npos) return 0;
  const std::string_view number = message.substr(quote + 1, message.rfind('\'') - quote - 1);
  return std::min(text.find(number), text.size());
}

}  // namespace

Scenario parse_scenario(std::string_view text, std::string_view name) {
  const auto complain = [&](std::size_t offset, std::string_view message) {
    return InvalidScenario(fmt::format("{}:{}: {}", name, line_and_column(text, offset), message));
  };
  try {
    return parse_document(JsonElement(json::parse(text)));
  } catch (const InvalidElement& error) {
    throw complain(offset_of(text, error.path), error.what());
  } catch (const json::exception& error) {
    throw complain(offset_of(error, text), complaint_of(error));
  }
}

}  // namespace contrail::conformance
