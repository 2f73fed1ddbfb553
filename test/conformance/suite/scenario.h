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

/// A value as an op names it: nothing, an integer, or whatever a promise will have.
struct Operand {
  std::optional<long long> integer;
  std::optional<std::string> promise;
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

struct HookDeclaration {
  std::string name;
  std::optional<std::vector<std::string>> events;  ///< Absent: all.
  Ops on_init;

  bool wants(std::string_view event) const;
};

struct Scenario {
  std::string about;
  std::vector<std::string> storages;
  std::vector<HookDeclaration> hooks;
  Ops main;
};

/// The ops of a list; throws InvalidElement. `what`: how complaints call the list.
Ops parse_ops(const JsonElement& list, std::string_view what);

}  // namespace contrail::conformance
