#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace contrail::inline v0::hooks {

/// Return addresses of a thread, innermost first.
struct NativeStack {
  std::array<void*, 64> addresses{};
  std::size_t size = 0;
};

/// Loads what taking one needs: a signal handler must not.
void prepare_native_stacks();

/// Where the handler of a signal, whose `context` that is, has interrupted its thread; nullptr if
/// there is none, or that is not known.
void* interrupted_address(const void* context) noexcept;

/// Takes this thread's, in a signal handler: that of what was interrupted, `context` being the
/// handler's. nullptr: that of the caller. Faults where the stack is in ruins.
void take_native_stack(NativeStack& stack, const void* context) noexcept;

}  // namespace contrail::inline v0::hooks
