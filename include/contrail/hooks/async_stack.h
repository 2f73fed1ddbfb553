#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0::hooks {

class Ancestry;

/// One link of the chain of causes.
struct AsyncFrame {
  AsyncId id = no_async_id;
  AsyncId trigger_id = no_async_id;  ///< The next frame's.
  /// Valid as long as the process. "root" for the code that runs the loop; empty if the resource is
  /// older than the recorder, or was forgotten for a newer one. Nothing but the id is known then,
  /// and the chain ends.
  std::string_view type = {};
  CreationSite site = {};
  std::chrono::nanoseconds age = {};
  bool alive = false;                   ///< Its destroy was not told yet.
  bool repeat = false;                  ///< An interval.
  std::chrono::milliseconds delay{-1};  ///< Of a timer; else -1.
  /// Of a PROMISE: what was running as it was settled. Where that is a PROMISE, too, such as the
  /// last piece of an inner coroutine, what has woken that one, and so on, as far as it is
  /// recorded.
  AsyncId settled_by = no_async_id;
  std::string_view settled_by_type = {};  ///< Empty if that is not known.
};

struct AsyncStackOptions {
  /// So many resources are remembered, the living before the dead, the new before the old: about 70
  /// bytes each. At least 16. What is recorded already on this thread's Loop, for another tracer,
  /// is shared, and its number stays.
  std::size_t nodes_max = 65536;
  std::size_t frames_max = 32;  ///< Where a stack is cut off.
  bool track_promises = true;   ///< False: chains end at the first co_await.
};

/// How did I get here: what caused the running callback, and what caused that, through callbacks
/// and coroutines, back to the code that runs the loop. Resources that are gone are on it, too.
///
///     hooks::AsyncStack stack;
///     …
///     log(stack.text());
///
///       PROMISE 12 at src/app.cc:31, made 80 us ago
///       PROMISE 10 at src/app.cc:31, made 80 us ago, settled by FSREQCALLBACK 11
///       TCPWRAP 8 at src/app.cc:17, made 2.1 ms ago
///       TCPSERVERWRAP 3 at src/app.cc:9, made 4 s ago
///       root
///
/// What runs after a `co_await` is a PROMISE, its trigger the promise that was awaited: `settled
/// by` tells what the coroutine waited for. See install_crash_handler() for stacks of what crashed.
///
/// Made, used and destroyed on the Loop's thread. Costs some 16 ns a resource, and nothing when
/// callbacks run; memory is allocated in the constructor only.
class CONTRAIL_API AsyncStack {
 public:
  explicit AsyncStack(AsyncStackOptions options = {});
  AsyncStack(AsyncStack&&) noexcept;
  AsyncStack& operator=(AsyncStack&&) noexcept;
  ~AsyncStack();

  void enable();            ///< Starts anew: what was recorded is gone. Idempotent.
  void disable() noexcept;  ///< Stacks are empty from now on.

  /// Innermost first. Empty between callbacks.
  std::vector<AsyncFrame> current() const;
  /// The same for any resource: `of(made.async_id)`, for instance, in a hook.
  std::vector<AsyncFrame> of(AsyncId id) const;
  std::string text() const;
  /// Writes text() with nothing but write(2): from a signal handler on this thread, whatever that
  /// has interrupted.
  void print(int fd) const noexcept;

 private:
  AsyncStackOptions options_;
  std::shared_ptr<Ancestry> ancestry_;
};

/// A line for each frame, as in text().
CONTRAIL_API std::string to_text(const std::vector<AsyncFrame>& frames);

}  // namespace contrail::inline v0::hooks
