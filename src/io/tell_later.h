#pragma once

#include <type_traits>
#include <utility>

#include "contrail/microtask.h"
#include "contrail/result.h"

namespace contrail::inline v0::detail {

/// Tells fn in a tick what is known already, most often why nobody was asked: nothing is ever told
/// inside the call.
template <class T>
void tell_later(Callback<T> fn, std::type_identity_t<Result<T>> outcome, CreationSite site) {
  auto tell = [fn = std::move(fn), outcome = std::move(outcome)]() mutable {
    fn(std::move(outcome));
  };
  next_tick(std::move(tell), site);
}

}  // namespace contrail::inline v0::detail
