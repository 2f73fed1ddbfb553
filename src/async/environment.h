#pragma once

#include <array>
#include <cstdint>

#include "contrail/detail/async_scope.h"
#include "src/async/destroy_queue.h"
#include "src/async/hook_registry.h"

namespace contrail::inline v0::detail {

/// The kinds that embedders make up. They are the process's and stay, as resources may outlive
/// their Loop; this is a Loop's way to them: a small cache keyed by where the name came from, then
/// its text is compared.
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
  static const ResourceType& find_or_add(std::string_view name, const void* details_tag);

  std::array<const ResourceType*, 64> cache_ = {};
};

/// What a Loop is made of below the loop: one per Loop, found through hot.environment.
struct Environment {
  HookRegistry hooks;
  DestroyQueue destroys;
  TypeNames types;

  /// Makes process_exits() true before std::exit() destroys this, if it has static storage: to be
  /// called once it is made, before anything that may call std::exit().
  void hear_of_exit();

  /// Queues a microtask that no hook sees.
  virtual void queue_internal_microtask(void (*fn)(Environment&)) = 0;

 protected:
  ~Environment() = default;

 private:
  bool hears_of_exit_ = false;
};

/// std::exit() was called.
bool process_exits() noexcept;

[[noreturn, gnu::cold]] CONTRAIL_API void die_without_loop() noexcept;

/// The current thread's; ends the process with a sentence if it has none.
inline Environment& environment() noexcept {
  if (!hot.environment) [[unlikely]]
    die_without_loop();
  return *hot.environment;
}

}  // namespace contrail::inline v0::detail
