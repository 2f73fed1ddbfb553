#include "contrail/detail/async_scope.h"

#include "src/async/environment.h"

namespace contrail::inline v0::detail {

void emit_init(const ScopeKey& key) { environment().hooks.emit_init(key); }

// A scope may be left, or a bound function called, after its Loop is gone: nobody listens then.
void emit_before(const ScopeKey& key) noexcept {
  if (hot.environment) hot.environment->hooks.emit_before(key);
}

void emit_after(const ScopeKey& key) noexcept {
  if (hot.environment) hot.environment->hooks.emit_after(key);
}

void emit_promise_resolve(const ScopeKey& key) noexcept {
  if (hot.environment) hot.environment->hooks.emit_promise_resolve(key);
}

void queue_destroy(AsyncId id, bool promise) noexcept {
  if (hot.environment) hot.environment->destroys.push(id, promise);
}

}  // namespace contrail::inline v0::detail
