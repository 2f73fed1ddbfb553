#pragma once

#include <memory>
#include <utility>

#include "contrail/detail/pool.h"
#include "contrail/result.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

/// A callback that waits for its tick: a Function has no room for another, so this is pooled.
struct ToldInTick : Pooled {
  explicit ToldInTick(Callback<void>&& callback) noexcept : fn(std::move(callback)) {}
  Callback<void> fn;
};

/// As in Node, what the system has done at once is told in a tick. That went well, mostly.
inline Function<void()> told_success(Callback<void>&& fn) {
  auto told = std::make_unique<ToldInTick>(std::move(fn));
  return [told = std::move(told)] { told->fn(Result<void>()); };
}

}  // namespace contrail::inline v0::detail
