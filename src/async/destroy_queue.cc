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
  for (int round = 0; !ids_.empty() && round < rounds_max; ++round) {
    delivering.clear();
    delivering.swap(ids_);
    hot.environment->hooks.emit_destroys(delivering);
  }
  if (!ids_.empty()) return;
  // Keep the larger buffer: steady state allocates nothing.
  delivering.clear();
  ids_.swap(delivering);
}

void queue_destroy(AsyncId id, bool promise) noexcept {
  if (hot.environment) hot.environment->destroys.push(id, promise);
}

}  // namespace contrail::inline v0::detail
