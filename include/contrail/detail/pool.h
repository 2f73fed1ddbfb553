#pragma once

#include <cstddef>
#include <new>

#include "contrail/detail/export.h"

namespace contrail::inline v0::detail {

/// Memory of things that are made and dropped once per event: a free list per size class and
/// thread, so that steady state never reaches malloc. Blocks go back on the thread they came from.
struct Pool {
  static constexpr std::size_t step = 32;
  static constexpr std::size_t classes = 16;
  static constexpr std::size_t largest = step * classes;

  struct Free {
    Free* next;
  };

  Free* heads[classes] = {};
  bool recycles = false;  ///< Off under AddressSanitizer, which then sees every use after free.
  bool frees_orphans = false;  ///< What is released now came from a thread that has ended.
};

extern CONTRAIL_API constinit thread_local Pool pool __attribute__((tls_model("initial-exec")));

CONTRAIL_API void* pool_refill(std::size_t size);
CONTRAIL_API void pool_discard(void* block, std::size_t size) noexcept;

/// A block that is at hand, or nullptr.
inline void* pool_take(std::size_t size) noexcept {
  const std::size_t index = (size - 1) / Pool::step;
  if (index >= Pool::classes) return nullptr;
  Pool::Free* block = pool.heads[index];
  if (block) [[likely]]
    pool.heads[index] = block->next;
  return block;
}

inline void* pool_allocate(std::size_t size) {
  void* block = pool_take(size);
  return block ? block : pool_refill(size);
}

inline void pool_release(void* memory, std::size_t size) noexcept {
  const std::size_t index = (size - 1) / Pool::step;
  if (index < Pool::classes && pool.recycles) [[likely]] {
    auto* block = static_cast<Pool::Free*>(memory);
    block->next = pool.heads[index];
    pool.heads[index] = block;
    return;
  }
  pool_discard(memory, size);
}

/// Gives a class operator new and delete from the pool; of what is aligned beyond the usual, from
/// the system.
struct Pooled {
  static void* operator new(std::size_t size) { return pool_allocate(size); }
  static void operator delete(void* memory, std::size_t size) noexcept {
    pool_release(memory, size);
  }
  static void* operator new(std::size_t size, std::align_val_t alignment) {
    return ::operator new(size, alignment);
  }
  static void operator delete(void* memory, std::size_t, std::align_val_t alignment) noexcept {
    ::operator delete(memory, alignment);
  }
};

}  // namespace contrail::inline v0::detail
