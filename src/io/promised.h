#pragma once

#include <utility>

#include "contrail/promise.h"
#include "contrail/result.h"

namespace contrail::inline v0::detail {

/// The promise form of an operation: start() gets a callback that settles it.
template <class T, class Start>
Promise<T> promised(Start start) {
  auto [promise, resolver] = Promise<T>::with_resolver();
  start([resolver = std::move(resolver)](Result<T> result) mutable {
    resolver.settle(std::move(result));
  });
  return std::move(promise);
}

}  // namespace contrail::inline v0::detail
