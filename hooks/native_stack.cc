#include "hooks/native_stack.h"

#include <execinfo.h>
#include <ucontext.h>

#include <algorithm>

namespace contrail::inline v0::hooks {

void* interrupted_address([[maybe_unused]] const void* context) noexcept {
  if (!context) return nullptr;
#if defined(__x86_64__)
  const auto* interrupted = static_cast<const ucontext_t*>(context);
  return reinterpret_cast<void*>(interrupted->uc_mcontext.gregs[REG_RIP]);
#elif defined(__aarch64__)
  const auto* interrupted = static_cast<const ucontext_t*>(context);
  return reinterpret_cast<void*>(interrupted->uc_mcontext.pc);
#else
  return nullptr;
#endif
}

void prepare_native_stacks() {
  void* first = nullptr;
  ::backtrace(&first, 1);
}

void take_native_stack(NativeStack& stack, const void* context) noexcept {
  void** const begin = stack.addresses.data();
  const int size = ::backtrace(begin, static_cast<int>(stack.addresses.size()));
  void** const end = begin + std::max(size, 0);
  // Without what handles the signal.
  void** const first = std::find(begin, end, interrupted_address(context));
  stack.size = static_cast<std::size_t>(first == end ? end - begin : end - first);
  if (first != end) std::copy(first, end, begin);
}

}  // namespace contrail::inline v0::hooks
