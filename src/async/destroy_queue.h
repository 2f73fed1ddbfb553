#pragma once

#include <vector>

#include "contrail/resource_info.h"

namespace contrail::inline v0::detail {

struct Environment;

/// Ids waiting for their destroy event, which is never delivered inside another event.
class DestroyQueue {
 public:
  /// Longer lists are flushed from a microtask, so that an endless chain of them cannot hold
  /// destroys back; Node's number.
  static constexpr std::size_t flush_early_at = 16384;
  static constexpr int rounds_max = 16;

  void push(AsyncId id, bool promise) {
    if (ids_.size() == flush_early_at) [[unlikely]]
      flush_from_microtask();
    ids_.emplace_back(id, promise);
  }
  /// Delivers what is queued, and what gets queued meanwhile, to the hooks enabled now. A hook that
  /// causes a destroy for every destroy does not hold the loop up: after some rounds what is left
  /// waits for the next call.
  void flush();
  bool empty() const noexcept { return ids_.empty(); }

 private:
  /// An id, and in its lowest bit whether it was a promise's.
  class Entry {
   public:
    Entry(AsyncId id, bool promise) noexcept : bits_(id << 1 | AsyncId{promise}) {}
    AsyncId id() const noexcept { return bits_ >> 1; }
    bool promise() const noexcept { return bits_ & 1; }

   private:
    AsyncId bits_;
  };
  static void flush_from_microtask();

  std::vector<Entry> ids_;
};

}  // namespace contrail::inline v0::detail
