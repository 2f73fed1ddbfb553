#pragma once

#include <map>
#include <optional>
#include <string>

#include "test/conformance/suite/generator/place.h"
#include "test/conformance/suite/generator/random.h"

namespace contrail::conformance::generator {

/// When the timers of a scenario fall due.
///
/// The order of two timers is certain when they fall due at least 20 ms apart, or when they have
/// one delay and are set in one callback. So each deadline is a slot, and a slot is shared only by
/// timers of one callback and one delay. A list of ops that runs at a moment nobody knows when it
/// is written (a reaction, the rest of an async function) sets at most one timer a scenario, whose
/// deadline falls halfway between slots 40 ms apart; one that may run more than once sets none.
class Calendar {
 public:
  explicit Calendar(Random& random);

  /// A delay whose `count` deadlines, counted from the place's moment, are free; none if there is
  /// none. A timer that is to fire more than once shares none of its deadlines.
  std::optional<int> plan_delay(const Place& place, int count);
  /// The same for a delay that is given: refresh.
  bool plan_again(const Place& place, int delay, int count);

  struct SelfRefresh {
    int delay;
    int stop;
  };
  /// Firings at two and four steps, and at five steps the end of it.
  std::optional<SelfRefresh> plan_self_refresh(const Place& place);

 private:
  bool is_free(const Place& place, int delay, int count, bool may_share) const;
  void reserve(const Place& place, int delay, int count);

  Random& random_;
  bool has_unplanned_;
  const int step_;
  std::map<int, std::string> owners_;  ///< By deadline: the callback and delay that may share it.
};

}  // namespace contrail::conformance::generator
