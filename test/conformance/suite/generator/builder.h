#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "test/conformance/suite/generator/calendar.h"
#include "test/conformance/suite/generator/names.h"
#include "test/conformance/suite/generator/place.h"
#include "test/conformance/suite/generator/profiles.h"
#include "test/conformance/suite/generator/random.h"

namespace contrail::conformance::generator {

/// Scenarios and ops as they are written, keys in their order.
using Json = nlohmann::ordered_json;

/// What is known of a scenario while it is being built. Lists of ops are drawn by weight, within a
/// budget for each op of main.
class Builder {
 public:
  /// A timer whose ops may run again.
  struct Refreshable {
    std::string name;
    int delay;
    int count;
  };

  Builder(Random& source, const Profile& chosen);
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  std::string label(const char* prefix = "L") { return prefix + std::to_string(++labels_); }
  int value() { return random.integer(1, 3); }
  /// The value or, with the probability, a promise or, now and then, a thenable.
  Json promise_or(int value, double probability);
  Json list(const Place& place, int low = 1, int high = 4);

  // For the functions that make ops, and only for them: what an op may name.
  Random& random;
  const Profile& profile;
  Calendar calendar;
  Places places;
  const std::vector<std::string> storages;
  const std::vector<std::string> hooks;
  Names timers;
  Names scopes;
  Names promises;
  Names thenables;  ///< Used only where they are complete, so that none can wait for itself.
  Names resources;
  Names functions;
  Names snapshots;
  std::vector<Refreshable> refreshable;

 private:
  Json list_of(Place place, int low, int high);
  std::vector<Json> draw(const Place& place);
  Json draw_settling(Taker taker);
  std::array<Names*, 7> spaces() {
    return {&timers, &scopes, &promises, &thenables, &resources, &functions, &snapshots};
  }

  int budget_ = 0;  ///< How many more ops the op of main being made may hold.
  int labels_ = 0;
};

}  // namespace contrail::conformance::generator
