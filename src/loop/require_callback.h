#pragma once

#include <fmt/core.h>

#include <stdexcept>

#include "contrail/function.h"

namespace contrail::inline v0::detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_no_callback(const char* called) {
  throw std::invalid_argument(fmt::format("{}: the function to call is empty", called));
}

/// Refuses to call nothing later: by then nobody could tell who asked for it. In Node it is
/// ERR_INVALID_ARG_TYPE.
inline void require_callback(const Function<void()>& fn, const char* called) {
  if (!fn) [[unlikely]]
    throw_no_callback(called);
}

}  // namespace contrail::inline v0::detail
