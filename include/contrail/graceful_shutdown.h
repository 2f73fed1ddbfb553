#pragma once

#include <chrono>
#include <memory>
#include <stop_token>
#include <vector>

#include "contrail/creation_site.h"
#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/loop.h"
#include "contrail/promise.h"

namespace contrail::inline v0 {

/// What graceful_shutdown() had to do.
struct ShutdownReport {
  /// What was still under way at the deadline: what it was, and the file and line that made it.
  std::vector<ActiveResource> cut_off;
  std::chrono::milliseconds took;

  bool complete() const noexcept { return cut_off.empty(); }
};

/// Ends what this thread's Loop is doing, in good order:
///
///  1. Servers stop accepting; HTTP connections close as soon as they have answered. Those who made
///     an OnShutdown are called.
///  2. Whatever is under way may come to its end. When nothing is left, that is all.
///  3. At the deadline, all that is being waited for is cancelled: it fails with ECANCELED, and
///     coroutines clean up by exception.
///  4. What is open after the next turn, and what they have begun anew, is closed.
///
/// Resolves after 2 or 4. run() then returns: after 2 as nothing keeps it, after 4 at the end of
/// the turn, whatever is begun anew; call it again if that should be waited for. A second call
/// joins the first; the earlier deadline counts. A token ends the waiting, not the shutdown. What
/// does not keep the loop running (unref'd) is left alone.
///
///     SignalWatcher terminate(SIGTERM, [](int) { end().detach(); });
///
///     Promise<> end() {
///       const ShutdownReport report = co_await graceful_shutdown(10s);
///       for (const auto& cut : report.cut_off) fmt::print("cut off: {}\n", cut);
///     }
///
/// A Loop that somebody else drives, by uv_run(), may learn that nothing is left only at the
/// deadline. Hooks see a Timeout.
CONTRAIL_API Promise<ShutdownReport> graceful_shutdown(std::chrono::milliseconds deadline,
                                                       std::stop_token stop = {},
                                                       CreationSite site = CreationSite::current());

/// Has fn called, once, when graceful_shutdown() begins, as long as this exists: for what takes in
/// work otherwise than by a server of contrail's. fn runs in the context in which this was made;
/// what it throws is an uncaught exception.
///
///     OnShutdown no_more([&] { queue.stop_taking(); });
class CONTRAIL_API OnShutdown {
 public:
  explicit OnShutdown(Function<void()> fn);
  OnShutdown(OnShutdown&&) noexcept;
  OnShutdown& operator=(OnShutdown&&) noexcept;
  ~OnShutdown();

  struct State;

 private:
  std::unique_ptr<State> state_;
};

}  // namespace contrail::inline v0
