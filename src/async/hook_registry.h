#pragma once

#include <memory>
#include <span>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/detail/async_scope.h"
#include "src/async/destroy_queue.h"

namespace contrail::inline v0::detail {

struct HookEntry {
  HookCallbacks callbacks;
  Environment* environment = nullptr;  ///< Of the Loop it was enabled on, while that lives.
  bool enabled = false;
};

/// Who listens. A set is never changed while it is being walked: see HookRegistry::edit().
class HookSet {
 public:
  template <class Callback>
  struct Listener {
    Callback* callback;
    bool promises;
  };
  using IdListeners = std::vector<Listener<Function<void(AsyncId)>>>;

  void add(std::shared_ptr<HookEntry> entry);
  bool remove(const HookEntry& entry);
  bool contains(const HookEntry& entry) const;
  void detach_all();  ///< Tells the hooks that their Loop is gone.
  /// Puts callbacks that do nothing in the place of the entry's: this set may be being walked.
  void silence(HookEntry& entry);
  bool empty() const { return entries_.empty(); }
  std::uint32_t watched() const;

  std::vector<Listener<Function<void(const ResourceInfo&)>>> init;
  IdListeners before, after, destroy, promise_resolve;

 private:
  void rebuild();
  std::vector<std::shared_ptr<HookEntry>> entries_;
};

class HookRegistry {
 public:
  void enable(std::shared_ptr<HookEntry> entry);
  void disable(const HookEntry& entry);
  void disable_all();
  /// No callback of the entry is called any more, not even in the event being delivered.
  void silence(HookEntry& entry) noexcept {
    if (depth_ > 0) active_.silence(entry);
  }

  bool emitting() const noexcept { return depth_ > 0; }

  void emit_init(const ScopeKey& key, CreationSite site);
  void emit_before(const ScopeKey& key) noexcept;
  void emit_after(const ScopeKey& key) noexcept;
  void emit_promise_resolve(AsyncId id) noexcept;
  /// An event for each, one after the other.
  void emit_destroys(std::span<const PendingDestroy> resources) noexcept;

  /// Node switches promises off in a microtask: the runtime may be between before and after.
  void stop_promises_unless_wanted() noexcept;

 private:
  /// Inline in each emitter: what differs between them is then known to the compiler.
  template <class Listeners, class Argument>
  [[gnu::always_inline]] void emit(Listeners HookSet::*listeners, const Argument& argument,
                                   AsyncId id, const ResourceType* type,
                                   const char* event) noexcept;
  HookSet& edit();
  [[gnu::cold]] void take_next() noexcept;
  void publish();
  void watch_promises();

  HookSet active_;
  HookSet next_;  ///< Replaces active_ when the outermost emission ends, if has_next_.
  bool has_next_ = false;
  bool next_differs_ = false;  ///< By a hook that was added or removed inside this event.
  int depth_ = 0;
  bool promises_wanted_ = false;
};

}  // namespace contrail::inline v0::detail
