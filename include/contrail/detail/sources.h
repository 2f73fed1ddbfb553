#pragma once

#include <cstddef>
#include <vector>

#include "contrail/detail/cancellable.h"
#include "contrail/detail/reactions.h"

namespace contrail::inline v0::detail {

/// Cancels what a promise of many waits for.
class Sources : public Cancellable {
 public:
  template <class T>
  void add(const Promise<T>& promise) {
    pending_.push_back(Ref<PromiseCore>::share(state_of(promise).get()));
  }
  /// It has its outcome, and may be the last to hold it.
  void settled(std::size_t i) noexcept { pending_[i] = {}; }

  bool cancel() noexcept override {
    bool some = false;
    bool all = true;
    for (std::size_t i = 0; i < pending_.size(); ++i) {
      const Ref<PromiseCore> source = pending_[i];  // What it cancels may settle it.
      if (!source) continue;
      const bool does = request_cancel(*source);
      some |= does;
      all &= does;
    }
    return needs_all ? some && all : some;
  }

  bool needs_all = false;  ///< One failure does not settle it.

 private:
  std::vector<Ref<PromiseCore>> pending_;
};

}  // namespace contrail::inline v0::detail
