#pragma once

#include <string>
#include <utility>
#include <vector>

#include "test/conformance/suite/generator/random.h"

namespace contrail::conformance::generator {

/// What a scenario concentrates on.
struct Profile {
  std::string name;
  std::pair<int, int> storages;  ///< From how many to how many.
  std::pair<int, int> hooks;
  Weights weights;  ///< How often each op is drawn.

  double weight_of(const std::string& op) const;
};

/// `all` leaves the choice to the seed; the mix of everything is drawn as often as all the others
/// together.
const Profile& choose_profile(const std::string& name, Random& random);

/// `all` and the profiles.
std::vector<std::string> profile_names();

}  // namespace contrail::conformance::generator
