#include "src/async/destroy_queue.h"

#include <utility>

#include "src/async/environment.h"

namespace contrail::inline v0::detail {

void DestroyQueue::flush_from_microtask() {
  hot.environment->queue_internal_microtask(
      [](Environment& environment) { environment.destroys.flush(); });
}

void DestroyQueue::flush() {
  std::vector<Entry> delivering;
  for (int round = 0; !ids_.empty() && round < rounds_max; ++round) {
    delivering.clear();
    delivering.swap(ids_);
    for (const Entry& entry : delivering) {
      hot.environment->hooks.emit_destroy(entry.id(), entry.promise());
    }
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
