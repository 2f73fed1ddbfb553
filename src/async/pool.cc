#include "contrail/detail/pool.h"

#include <algorithm>
#include <new>
#include <vector>

#include "src/async/overflow.h"
#include "src/async/shared_context.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONTRAIL_SEES_EVERY_BLOCK 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONTRAIL_SEES_EVERY_BLOCK 1
#endif
#endif

namespace contrail::inline v0::detail {

constinit thread_local Pool pool;

namespace {

#ifdef CONTRAIL_SEES_EVERY_BLOCK
constexpr bool recycle = false;
#else
constexpr bool recycle = true;
#endif

constexpr std::size_t chunk_bytes = 16 * 1024;
constexpr std::align_val_t chunk_alignment{64};

/// A thread's chunks, given back when the thread ends, unless something of them still lives.
struct Chunks {
  std::vector<void*> chunks[Pool::classes];

  ~Chunks() {
    pool.recycles = false;
    for (std::size_t index = 0; index < Pool::classes; ++index) {
      std::size_t free_blocks = 0;
      for (Pool::Free* block = pool.heads[index]; block; block = block->next) ++free_blocks;
      pool.heads[index] = nullptr;
      const std::size_t block_bytes = (index + 1) * Pool::step;
      if (free_blocks != chunks[index].size() * (chunk_bytes / block_bytes)) {
        // The leak checker would not find them otherwise: what lives in them is still in use.
        new std::vector<void*>(std::move(chunks[index]));
        continue;
      }
      for (void* chunk : chunks[index]) ::operator delete(chunk, chunk_alignment);
    }
  }
};

/// nullptr once the thread is past its end: statics destroyed later still allocate and release.
Chunks* chunks_of_thread() {
  static constinit thread_local bool ended = false;
  struct Owner : Chunks {
    ~Owner() {
      forget_context();
      leave_home();
      ended = true;
    }
  };
  if (ended) return nullptr;
  static thread_local Owner owner;
  return &owner;
}

}  // namespace

void* pool_refill(std::size_t size) {
  const std::size_t index = (size - 1) / Pool::step;
  Chunks* owner = index < Pool::classes ? chunks_of_thread() : nullptr;
  if (!owner || !recycle) return ::operator new(size);
  const std::size_t block_bytes = (index + 1) * Pool::step;
  auto* chunk = static_cast<std::byte*>(::operator new(chunk_bytes, chunk_alignment));
  owner->chunks[index].push_back(chunk);
  // Thread the free list so that blocks come out in address order.
  Pool::Free* head = nullptr;
  for (std::size_t i = chunk_bytes / block_bytes; i-- > 0;) {
    head = ::new (chunk + i * block_bytes) Pool::Free{head};
  }
  pool.heads[index] = head->next;
  pool.recycles = !pool.frees_orphans;
  return head;
}

void pool_discard(void* block, [[maybe_unused]] std::size_t size) noexcept {
  // Late in a thread's life a small block may be part of a chunk that was kept: leave it there.
  if (!recycle || (size - 1) / Pool::step >= Pool::classes) ::operator delete(block);
}

}  // namespace contrail::inline v0::detail
