#include "test/conformance/suite/als_only.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace contrail::conformance {
namespace {

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  Words words;
  while (true) {
    const std::size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    if (space == std::string_view::npos) return words;
    line.remove_prefix(space + 1);
  }
}

std::string joined(const Words& words) {
  std::string line;
  for (const std::string_view word : words) {
    if (!line.empty()) line += ' ';
    line += word;
  }
  return line;
}

/// What asks for an id, or who executes, and finds that there is no such thing.
bool is_about_ids(const Words& words) {
  static const Words ops = {"executing", "timerId", "trackPromises"};
  if (words[0] == "executing" && words.size() == 3) return true;
  if (words[0] == "id" && words.size() == 3) return true;
  return words[0] == "unsupported" && words.size() == 2 &&
         std::find(ops.begin(), ops.end(), words[1]) != ops.end();
}

/// `H init ID TYPE trigger=ID exec=ID`, or `H before ID` and its like. A label may be any text: a
/// line of a hook that is called `log` is told from a log by its shape.
bool is_hook_event(const Words& words, const Scenario& scenario) {
  const auto is_its = [&](const HookDeclaration& hook) { return hook.name == words[0]; };
  if (std::none_of(scenario.hooks.begin(), scenario.hooks.end(), is_its)) return false;
  if (words.size() >= 6 && words[1] == "init") {
    return words.rbegin()[1].starts_with("trigger=") && words.back().starts_with("exec=");
  }
  static const Words events = {"before", "after", "destroy", "resolve"};
  return words.size() == 3 && std::find(events.begin(), events.end(), words[1]) != events.end();
}

/// Fields come last, and are looked at from the end: what stands before them is any text.
void drop_field(Words& words, std::size_t fields_behind, std::string_view field) {
  if (words.size() <= fields_behind + 1) return;
  const auto place = words.end() - static_cast<std::ptrdiff_t>(fields_behind) - 1;
  if (place->starts_with(field)) words.erase(place);
}

std::string without_ids(Words words, const Scenario& scenario) {
  const std::size_t stores = scenario.storages.size();
  if (words[0] == "log") {
    drop_field(words, stores, "trigger=");
    drop_field(words, stores, "exec=");
  } else if (words[0] == "uncaught" || words[0] == "unhandled") {
    drop_field(words, stores, "exec=");
  } else if (words[0] == "resource") {
    drop_field(words, 0, "trigger=");
    drop_field(words, 0, "id=");
  }
  return joined(words);
}

}  // namespace

bool depends_on_hooks(const Scenario& scenario) {
  return std::any_of(scenario.hooks.begin(), scenario.hooks.end(), [](const HookDeclaration& hook) {
    return (hook.wants("init") && !hook.on_init.empty()) ||
           (hook.wants("before") && !hook.on_before.empty()) ||
           (hook.wants("after") && !hook.on_after.empty()) ||
           (hook.wants("destroy") && !hook.on_destroy.empty()) ||
           (hook.wants("promiseResolve") && !hook.on_resolve.empty());
  });
}

std::string without_hooks(std::string_view trace, const Scenario& scenario) {
  std::string rest;
  while (!trace.empty()) {
    const std::size_t end = std::min(trace.find('\n'), trace.size());
    Words words = words_of(trace.substr(0, end));
    if (!is_hook_event(words, scenario) && !is_about_ids(words)) {
      rest += without_ids(std::move(words), scenario) + '\n';
    }
    trace.remove_prefix(std::min(end + 1, trace.size()));
  }
  return rest;
}

}  // namespace contrail::conformance
