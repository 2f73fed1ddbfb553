#pragma once

#include "contrail/detail/hot_line.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0 {

/// The resource whose callback is running now; root_async_id in the code that runs the loop,
/// no_async_id between callbacks and on a thread without a Loop.
inline AsyncId execution_async_id() noexcept { return detail::hot.execution_id; }

/// The resource that caused the running callback's resource.
inline AsyncId trigger_async_id() noexcept { return detail::hot.trigger_id; }

/// The running resource itself. Outside any callback its type is empty; `details` is empty if it
/// died during its own callback.
CONTRAIL_API ResourceInfo execution_async_resource() noexcept;

}  // namespace contrail::inline v0
