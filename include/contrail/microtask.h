#pragma once

#include "contrail/creation_site.h"
#include "contrail/detail/export.h"
#include "contrail/function.h"

namespace contrail::inline v0 {

/// Runs fn after the current callback, before anything else the loop has to do. Hooks see a
/// TickObject. Calling it outside the loop is fine: it runs when the loop does. Throws
/// std::invalid_argument if fn is empty, as queue_microtask() does.
CONTRAIL_API void next_tick(Function<void()> fn, CreationSite site = CreationSite::current());

/// Runs fn with the promise reactions: after all ticks, before the loop goes on. Hooks see a
/// Microtask; as in Node 26, only if a hook is enabled or a context is active by then.
CONTRAIL_API void queue_microtask(Function<void()> fn, CreationSite site = CreationSite::current());

}  // namespace contrail::inline v0
