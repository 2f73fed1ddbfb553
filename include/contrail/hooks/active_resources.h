#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/hooks/async_stack.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0::hooks {

/// What is open of one type and made in one place.
struct ActiveGroup {
  std::string_view type;  ///< Valid as long as the Loop.
  CreationSite site;
  std::size_t count = 0;
  std::size_t with_ref = 0;  ///< Those that keep the Loop alive.
  /// The first of those with a ref, or of all: itself first, then what caused it. Only its ids are
  /// known unless something records them, such as an AsyncStack. Empty of what is no resource: of
  /// KeepAlives, and of handles that are not contrail's.
  std::vector<AsyncFrame> oldest;
};

struct ActiveResourcesOptions {
  bool only_with_ref = false;
  std::size_t frames_max = 8;  ///< How far back causes are told.
};

/// Why is my loop still alive: what is open on this thread's Loop, in the order in which it was
/// opened, what keeps it alive first. Needs nothing prepared: it asks Loop::active_resources().
CONTRAIL_API std::vector<ActiveGroup> active_groups(ActiveResourcesOptions options = {});

/// The same in words, a line each:
///
///     loop 1 is kept alive by 6 of 7 resources:
///       keeps it alive: Timeout at src/app.cc:17 (3 of them), every 5 s, made 2.1 s ago by root
///       keeps it alive: TCPSERVERWRAP at src/app.cc:9, made 4 s ago by root
///       keeps it alive: KeepAlive at src/app.cc:7
///       keeps it alive: uv_timer_t, a handle that is not contrail's
///       does not: SIGNALWRAP at src/app.cc:8, made 4 s ago by root
///
/// What follows the place is told of the oldest in the group. Ages, delays, and causes that are no
/// longer open are known if an AsyncStack records them.
CONTRAIL_API std::string active_resources_text(ActiveResourcesOptions options = {});

/// From now on the signal makes every Loop of the process print active_resources_text() to stderr:
/// also one that waits for events, but not before a callback that is running has returned. Nothing
/// is recorded for it, and until the signal comes it costs nothing but a thread that sleeps.
///
///     hooks::print_active_resources_on_signal();
///     …
///     kill -USR2 4711
///
/// A handler that was there before is called, too; a SignalWatcher that begins to hear the signal
/// later takes its place. Later calls with the same signal do nothing. From any thread. Throws
/// Error if the signal cannot be caught.
///
/// A program that includes this header, as <contrail/contrail.h> does, need not call it when it is
/// started with CONTRAIL_DEBUG=active.
CONTRAIL_API void print_active_resources_on_signal(int signal = SIGUSR2);

/// Makes every Loop of this process heed CONTRAIL_DEBUG=active, and be found by the signal. Calls
/// after the first do nothing.
CONTRAIL_API bool heed_active_variable();

/// See debug_variable_is_heeded in event_log.h.
inline const bool active_variable_is_heeded = heed_active_variable();

}  // namespace contrail::inline v0::hooks
