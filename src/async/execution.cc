#include "contrail/execution.h"

#include "contrail/detail/async_scope.h"

namespace contrail::inline v0 {

ResourceInfo execution_async_resource() noexcept {
  const detail::ScopeLink* scope = detail::hot.scope;
  if (!scope) return {execution_async_id(), trigger_async_id(), {}, {}};
  const detail::ScopeKey& key = scope->key();
  if (!key.type()) return {key.async_id, key.trigger_async_id, {}, {}};
  return {key.async_id, key.trigger_async_id, key.type()->name,
          AnyRef::from(key.details(), key.type()->details_tag)};
}

}  // namespace contrail::inline v0
