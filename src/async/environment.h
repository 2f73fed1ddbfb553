#pragma once

#include <array>
#include <deque>
#include <string>

#include "contrail/detail/async_scope.h"
#include "src/async/destroy_queue.h"
#include "src/async/hook_registry.h"

namespace contrail::inline v0::detail {

/// The names of the kinds that embedders make up, copied once. Lookups hit a small cache keyed by
/// where the name came from, then compare its text.
class TypeNames {
 public:
  const ResourceType& intern(std::string_view name, const void* details_tag) {
    const auto key = reinterpret_cast<std::uintptr_t>(name.data()) >> 3;
    const ResourceType*& cached = cache_[(key ^ (key >> 6)) % cache_.size()];
    if (!cached || cached->details_tag != details_tag || cached->name != name) [[unlikely]] {
      cached = &find_or_add(name, details_tag);
    }
    return *cached;
  }

 private:
  struct Kind {
    explicit Kind(std::string_view text, const void* tag) : name(text), type{name, tag} {}
    std::string name;
    ResourceType type;
  };
  const ResourceType& find_or_add(std::string_view name, const void* details_tag);

  std::array<const ResourceType*, 64> cache_ = {};
  std::deque<Kind> kinds_;  ///< Stable addresses.
};

/// What a Loop is made of below the loop: one per Loop, found through hot.environment.
struct Environment {
  HookRegistry hooks;
  DestroyQueue destroys;
  TypeNames types;

  /// Queues a microtask that no hook sees.
  virtual void queue_internal_microtask(void (*fn)(Environment&)) = 0;

 protected:
  ~Environment() = default;
};

[[noreturn, gnu::cold]] CONTRAIL_API void die_without_loop() noexcept;

/// The current thread's; ends the process with a sentence if it has none.
inline Environment& environment() noexcept {
  if (!hot.environment) [[unlikely]]
    die_without_loop();
  return *hot.environment;
}

}  // namespace contrail::inline v0::detail
