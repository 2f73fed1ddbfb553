#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/async_resource.h"

namespace contrail::conformance {

class JsonElement;
struct Op;
using Ops = std::vector<Op>;

/// A value as an op names it: nothing, an integer, or what a promise or a thenable will have.
struct Operand {
  std::optional<long long> integer;
  std::optional<std::string> promise;
  std::optional<std::string> thenable;
};

/// One op. Which members count depends on the verb; see the grammar in scenario.cc.
struct Op {
  std::string verb;
  std::string source;  ///< The name of what it uses.
  std::vector<std::string> sources;
  std::string name;  ///< The name of what it defines; empty if it has none.
  std::string text;
  Operand value;
  std::chrono::milliseconds delay{};
  long long count = 0;
  ResourceOptions options;
  Ops ops;
  Ops error_ops;
};

struct StorageDeclaration {
  std::string name;
  std::optional<long long> default_value;
};

struct HookDeclaration {
  std::string name;
  std::optional<std::vector<std::string>> events;  ///< Absent: all.
  bool track_promises = true;
  // What it performs inside its callbacks, after their line is printed.
  Ops on_init;
  Ops on_before;
  Ops on_after;
  Ops on_destroy;
  Ops on_resolve;
  std::optional<long long> times;  ///< Only in the first so many calls of each.

  bool wants(std::string_view event) const;
};

struct Scenario {
  std::string about;
  std::vector<StorageDeclaration> storages;
  std::vector<HookDeclaration> hooks;
  Ops main;
  Ops on_uncaught;                  ///< Performed by the handler, in its first call.
  std::optional<Ops> on_unhandled;  ///< Absent: no handler for unhandled rejections.
};

/// The ops of a list; throws InvalidElement. `what`: how complaints call the list.
Ops parse_ops(const JsonElement& list, std::string_view what);

}  // namespace contrail::conformance
