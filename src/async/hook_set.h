#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/detail/hot_line.h"

namespace contrail::inline v0::detail {

struct HookEntry {
  HookCallbacks callbacks;
  Environment* environment = nullptr;  ///< Of the Loop it was enabled on, while that lives.
  bool enabled = false;
};

/// Who listens. A set is never changed while it is being walked: see HookRegistry::edit().
class HookSet {
 public:
  /// What an event is about, as bits: a listener may not care for it.
  enum Kind : std::uint8_t { any = 0, promise = 1, unsampled = 2 };
  template <class Callback>
  struct Listener {
    Callback* callback;
    std::uint8_t ignored;
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
  bool any_only_sampled() const;

  std::vector<Listener<Function<void(const ResourceInfo&)>>> init;
  IdListeners before, after, destroy, promise_resolve;
  std::vector<Listener<Function<void()>>> context_switch;
  std::vector<Listener<Function<void(LoopPhase)>>> loop_phase;

 private:
  void rebuild();
  std::vector<std::shared_ptr<HookEntry>> entries_;
};

}  // namespace contrail::inline v0::detail
