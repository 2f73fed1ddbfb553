#pragma once

#include "contrail/detail/export.h"

namespace contrail::inline v0::detail {

/// Who will settle a promise, as far as it can be asked to do that sooner.
class Cancellable {
 public:
  /// Asks it to fail with ECANCELED. True if what it works for will be settled for that, now or as
  /// soon as it can: what it was lent is in use until then.
  virtual bool cancel() noexcept { return false; }
  /// Whom to ask in its place.
  virtual Cancellable* waits_for() const noexcept { return nullptr; }

 protected:
  Cancellable() noexcept = default;
  ~Cancellable() = default;
};

/// Asks whoever is at the end of the chain; a chain of coroutines may be long.
CONTRAIL_API bool request_cancel(Cancellable& first) noexcept;

}  // namespace contrail::inline v0::detail
