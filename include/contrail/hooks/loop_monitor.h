#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/hooks/async_stack.h"
#include "contrail/hooks/histogram.h"

namespace contrail::inline v0::hooks {

/// A callback that kept all others waiting, and has returned.
struct SlowCallback {
  std::chrono::nanoseconds took;
  std::vector<AsyncFrame> frames;  ///< Itself, then what caused it: see AsyncStack.
  std::string context;             ///< `user="ada" request=7`: see context_field().
};

/// A loop that is stuck in a callback right now, or was a moment ago.
struct StuckLoop {
  std::uint64_t loop;              ///< Its number.
  std::chrono::nanoseconds since;  ///< So far.
  /// As above. This and what follows is empty without LoopMonitorOptions::native_stack, and if the
  /// thread did not answer before the callback returned.
  std::vector<AsyncFrame> frames;
  std::string context;                    ///< As above.
  std::vector<std::string> native_stack;  ///< `function+0x1a (program+0x1234)`, innermost first.
};

/// Where the time went; Node's performance.eventLoopUtilization().
struct CONTRAIL_API LoopUtilization {
  std::chrono::nanoseconds idle;        ///< Waiting for events.
  std::chrono::nanoseconds active;      ///< Running callbacks.
  double utilization() const noexcept;  ///< 0 to 1; 0 if neither.
  friend LoopUtilization operator-(const LoopUtilization& now, const LoopUtilization& then) {
    return {now.idle - then.idle, now.active - then.active};
  }
};

struct LoopMonitorOptions {
  /// From here on a callback is slow, and a loop stuck. At least 1 ms.
  std::chrono::milliseconds threshold{50};
  /// Told when the callback has returned, in its context, by a hook: it must not throw. It may end
  /// the monitor. Unless set, to_text() goes to stderr.
  Function<void(const SlowCallback&)> on_slow = {};
  /// Told within twice the threshold, once for each callback, by a thread of the monitor's own. It
  /// must not throw, nor end the monitor. Unless set, to_text() goes to stderr.
  Function<void(const StuckLoop&)> on_stuck = {};
  bool watchdog = true;  ///< False: no thread, and nothing is told of loops that are stuck.
  /// Interrupts a loop that is stuck, by a signal to its thread, to hear where it is. False: no
  /// signal is sent, and on_stuck hears only how long; on_slow tells the rest.
  bool native_stack = true;
  int signal = 0;                 ///< That signal. 0: the last real-time signal without a handler.
  std::size_t nodes_max = 65536;  ///< See AsyncStack. 0: no chain but where somebody records one.
  std::size_t frames_max = 16;    ///< At most 32.
};

/// Is the loop blocked, and by whom: how long others have to wait while callbacks run, which
/// callbacks take too long, and where the loop is stuck while it is.
///
///     hooks::LoopMonitor monitor({.threshold = 20ms});
///     …
///     log(monitor.lag().percentile(99), monitor.utilization().utilization());
///
///     contrail: loop 1 is stuck for 61 ms in
///       Timeout 7 at src/app.cc:31, after 10 ms, made 90 ms ago
///       TCPSERVERWRAP 3 at src/app.cc:9, made 4 s ago
///       root
///     context: user="ada"
///     parse(std::string const&)+0x2f (./app+0x41f3)
///     …
///
/// To take the stack of a loop that is stuck, its thread is interrupted once by a signal. The
/// system restarts calls such as read(2) and write(2) then (SA_RESTART), but not all: poll(2),
/// select(2), epoll_wait(2), nanosleep(2), usleep(3) and what waits on a socket with a timeout end
/// early, with EINTR. See signal(7). Callbacks that cannot bear it need `native_stack = false`.
///
/// Names of functions that are not exported need a program linked with -rdynamic; addr2line(1)
/// knows the others by the offsets.
///
/// Made, used and destroyed on the Loop's thread. Costs what an AsyncStack costs, and at each end
/// of a callback the time and one store; the thread sleeps while the loop does.
class CONTRAIL_API LoopMonitor {
 public:
  /// Throws Error if `signal` is needed and cannot be caught, and std::system_error if there is no
  /// thread to be had.
  explicit LoopMonitor(LoopMonitorOptions options = {});
  LoopMonitor(LoopMonitor&&) noexcept;
  LoopMonitor& operator=(LoopMonitor&&) noexcept;
  ~LoopMonitor();

  void enable();   ///< Idempotent; what was counted stays.
  void disable();  ///< Nothing is observed from now on, and no thread is left.

  /// Nanoseconds that all callbacks of a turn of the loop took together: so late a timer could be.
  /// One value for each turn that has ended.
  const Histogram& lag() const noexcept;
  /// Since it began to watch, until now.
  LoopUtilization utilization() const noexcept;
  std::uint64_t slow_callbacks() const noexcept;
  void reset() noexcept;  ///< All numbers begin anew.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

CONTRAIL_API std::string to_text(const SlowCallback& slow);
CONTRAIL_API std::string to_text(const StuckLoop& stuck);

}  // namespace contrail::inline v0::hooks
