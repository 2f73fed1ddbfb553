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

/// What a thread is at, as far as contrail knows.
enum class ThreadActivity {
  no_loop,       ///< Something of its own: it has no Loop.
  pool_job,      ///< Likewise, and it is what queue_work() was given.
  outside_loop,  ///< The code that runs its Loop, main() mostly; uv_run(native(), …), too.
  no_callback,   ///< It is inside Loop::run(), but no resource's callback is running.
  callback,      ///< A resource's callback, or scope, is running.
};
/// Of the calling thread; also in a signal handler, of what it has interrupted.
CONTRAIL_API ThreadActivity thread_activity() noexcept;

}  // namespace contrail::inline v0
