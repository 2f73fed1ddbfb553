#pragma once

#include <optional>

namespace contrail::conformance::generator {

/// Who takes the result of a list of ops: whether `return`, and `await`, are meaningful in it.
enum class Taker { nobody, reaction, async };

/// Where an op stands.
struct Place {
  std::optional<int> moment;  ///< When it runs, in ms after main; none where that is unknown.
  int callback = 0;           ///< Which callback it is part of.
  bool repeats = false;       ///< It may run more than once.
  int depth = 0;
  Taker taker = Taker::nobody;
  bool is_deferred = false;  ///< The list is not performed where it is written.
};

/// Gives each callback its number.
class Places {
 public:
  Place main();
  /// Ops that run at once, inside the same callback.
  Place inner(const Place& place, Taker taker = Taker::nobody);
  /// Ops of a callback of their own, at a moment known from the place that makes it.
  Place later(const Place& place, std::optional<int> moment, Taker taker = Taker::nobody);
  /// Ops that run once, nobody knows when.
  Place sometime(const Place& place, Taker taker = Taker::nobody);
  /// Ops that may run any number of times.
  Place repeatedly(const Place& place);

 private:
  int next_callback_ = 0;
};

}  // namespace contrail::conformance::generator
