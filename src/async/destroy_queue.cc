#include "src/async/destroy_queue.h"

#include <utility>

#include "src/async/environment.h"

namespace contrail::inline v0::detail {

void DestroyQueue::flush_from_microtask() {
  hot.environment->queue_internal_microtask(
      [](Environment& environment) { environment.destroys.flush(); });
}

void DestroyQueue::flush() {
  std::vector<PendingDestroy> delivering;
  for (int round = 0; !pending_.empty() && round < rounds_max; ++round) {
    delivering.clear();
    delivering.swap(pending_);
    hot.environment->hooks.emit_destroys(delivering);
  }
  if (!pending_.empty()) return;
  // Keep the larger buffer: steady state allocates nothing.
  delivering.clear();
  pending_.swap(delivering);
}

DestroyQueue::~DestroyQueue() {
  for (const PendingDestroy& resource : pending_) {
    if (ResourceNotes* notes = resource.ending_notes()) HookSlots::free_notes(notes);
  }
}

void queue_destroy(AsyncId id, bool promise, ResourceNotes* notes, NotesEnd end) noexcept {
  if (hot.environment) return hot.environment->destroys.push(id, promise, notes, end);
  if (notes && end == NotesEnd::here) HookSlots::free_notes(notes);
}

}  // namespace contrail::inline v0::detail
