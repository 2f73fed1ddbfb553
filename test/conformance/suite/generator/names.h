#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "test/conformance/suite/generator/random.h"

namespace contrail::conformance::generator {

/// The names given out in one scenario to things of one kind. They mostly are fresh; some are given
/// a second meaning, and some name nothing at all, since the language says what happens then.
class Names {
 public:
  Names(Random& random, std::string prefix) : random_(random), prefix_(std::move(prefix)) {}

  /// Never used before, and not usable before it is published.
  std::string fresh() { return prefix_ + std::to_string(count_++); }
  std::string publish(std::string name);
  /// A name to define, mostly a fresh one.
  std::string define();
  /// A name to use: recent ones more often, rarely one that names nothing. None if there is none.
  std::optional<std::string> use();

  // While a name's own op is being performed, what a second definition means is nobody's business.
  void open(const std::string& name) { open_.insert(name); }
  void close(const std::string& name) { open_.erase(name); }

  // A list of ops that is not performed where it is written.
  void enter_deferred() { outer_.push_back(near_.size()); }
  void leave_deferred();

 private:
  Random& random_;
  const std::string prefix_;
  std::vector<std::string> near_;   ///< Defined before the op being made, errors aside.
  std::vector<std::string> far_;    ///< By ops of other callbacks, perhaps later than used.
  std::vector<std::size_t> outer_;  ///< How many were near where each deferred list begins.
  int count_ = 0;
  std::set<std::string> open_;
};

}  // namespace contrail::conformance::generator
