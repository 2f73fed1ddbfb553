#pragma once

#include <cstddef>
#include <new>
#include <optional>

namespace contrail {

/// The next operator new but `earlier` ones throws std::bad_alloc, once.
void fail_allocation_after(int earlier) noexcept;
/// False if there was one left that would have failed.
bool allocation_has_failed() noexcept;
void stop_failing() noexcept;

/// How often operator new has been called on this thread.
std::size_t allocations() noexcept;

/// Calls fn again and again, with the first allocation failing, then the second, and so on until
/// none is left to fail. What fn makes of std::bad_alloc is its own business; if it escapes, fn
/// ends. `afterwards` is called each time, and with true if there was a failure.
template <class F, class After>
void with_each_allocation_failing(F fn, After afterwards) {
  for (int earlier = 0;; ++earlier) {
    fail_allocation_after(earlier);
    try {
      fn();
    } catch (const std::bad_alloc&) {
    }
    const bool failed = allocation_has_failed();
    stop_failing();
    afterwards(failed);
    if (!failed) return;
  }
}

}  // namespace contrail
