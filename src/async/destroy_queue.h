#pragma once

#include <vector>

#include "contrail/detail/resource_notes.h"

namespace contrail::inline v0::detail {

struct Environment;

/// A resource whose destroy is to be told, or, with id 0, one of which nobody is to hear; then its
/// notes go, if this is the end of it.
class PendingDestroy {
 public:
  PendingDestroy(AsyncId id, bool promise, ResourceNotes* notes, NotesEnd end) noexcept
      : bits_(id << 2 | AsyncId{promise} | AsyncId{end == NotesEnd::here} << 1), notes_(notes) {}
  AsyncId id() const noexcept { return bits_ >> 2; }
  bool promise() const noexcept { return bits_ & 1; }
  ResourceNotes* notes() const noexcept { return notes_; }
  ResourceNotes* ending_notes() const noexcept { return bits_ & 2 ? notes_ : nullptr; }

 private:
  AsyncId bits_;  ///< The id; then whether the notes end, and whether it was a promise's.
  ResourceNotes* notes_;
};

/// What waits for its destroy event, which is never delivered inside another event.
class DestroyQueue {
 public:
  /// Longer lists are flushed from a microtask, so that an endless chain of them cannot hold
  /// destroys back; Node's number.
  static constexpr std::size_t flush_early_at = 16384;
  static constexpr int rounds_max = 16;

  ~DestroyQueue();

  void push(AsyncId id, bool promise, ResourceNotes* notes, NotesEnd end) {
    if (pending_.size() == flush_early_at) [[unlikely]]
      flush_from_microtask();
    pending_.emplace_back(id, promise, notes, end);
  }
  /// Delivers what is queued, and what gets queued meanwhile, to the hooks enabled now. A hook that
  /// causes a destroy for every destroy does not hold the loop up: after some rounds what is left
  /// waits for the next call.
  void flush();
  bool empty() const noexcept { return pending_.empty(); }

 private:
  static void flush_from_microtask();

  std::vector<PendingDestroy> pending_;
};

}  // namespace contrail::inline v0::detail
