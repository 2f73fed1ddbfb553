#include "failing_new.h"

#include <cstdlib>

namespace contrail {
namespace {

constexpr int never = -1;
constinit thread_local int countdown = never;
constinit thread_local bool failed = false;
constinit thread_local std::size_t made = 0;

void* allocate(std::size_t size, std::size_t alignment) {
  ++made;
  if (countdown != never && countdown-- == 0) {
    failed = true;
    throw std::bad_alloc();
  }
  void* memory = alignment ? std::aligned_alloc(alignment, (size + alignment - 1) & -alignment)
                           : std::malloc(size ? size : 1);
  if (!memory) throw std::bad_alloc();
  return memory;
}

}  // namespace

void fail_allocation_after(int earlier) noexcept {
  failed = false;
  countdown = earlier;
}
bool allocation_has_failed() noexcept { return failed; }
void stop_failing() noexcept { countdown = never; }
std::size_t allocations() noexcept { return made; }

}  // namespace contrail

void* operator new(std::size_t size) { return contrail::allocate(size, 0); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return contrail::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
