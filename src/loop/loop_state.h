#pragma once

#include <uv.h>

#include <array>
#include <deque>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "contrail/loop.h"
#include "src/async/describe.h"
#include "src/async/environment.h"
#include "src/loop/immediates.h"
#include "src/loop/open_list.h"
#include "src/loop/phases.h"
#include "src/loop/rejections.h"
#include "src/loop/shutdown.h"
#include "src/loop/task_queue.h"
#include "src/loop/timers.h"

namespace contrail::inline v0::detail {

/// Runs fn and returns what it threw, if anything.
template <class F>
std::exception_ptr catch_from(F&& fn) noexcept {
  try {
    std::forward<F>(fn)();
    return nullptr;
  } catch (...) {
    return std::current_exception();
  }
}

/// Where chunks arrive that are valid during one call only.
using ReadBuffer = std::array<char, 64 * 1024>;

/// Everything a Loop is made of, each part in a file of its own.
struct LoopState final : Environment {
  LoopState(Loop& owner, uv_loop_t* adopted);
  ~LoopState();

  /// It cannot be destroyed now: a callback, or a hook, is on the stack.
  bool in_use() const noexcept { return depth > 0 || running || hooks.emitting(); }

  /// Ends the process with a sentence on any thread but the Loop's.
  LoopState& on_own_thread() noexcept;

  void queue_internal_microtask(void (*fn)(Environment&)) override;

  /// An exception left a callback: tells the handler, or keeps it for run() to throw.
  CONTRAIL_API void uncaught(std::exception_ptr error, ExceptionOrigin origin) noexcept;
  void keep_for_run(std::exception_ptr error) noexcept;

  /// One call of uv_run between the drains that belong around it. True while work remains.
  bool turn(uv_run_mode mode);
  void rethrow_uncaught();
  void flush_destroys();
  void run_check_phase();  ///< Destroys, then immediates.
  bool run_posted();       ///< True if there was anything.
  std::vector<ActiveResource> active_resources() const;
  void hold(CreationSite site);
  void let_go(CreationSite site) noexcept;

  Loop& owner;
  uv_loop_t own{};
  uv_loop_t* uv;
  const std::thread::id thread = std::this_thread::get_id();

  TaskQueue tasks{*this};
  Rejections rejections{*this};
  Timers timers{*this};
  Immediates immediates{*this};
  LoopPhases phases{*this};
  OpenList open;
  Link on_shutdown;  ///< Of OnShutdowns.
  std::unique_ptr<Shutdown> shutdown;
  PromiseCore* awaited = nullptr;  ///< Promises that are pending and have reactions.

  std::vector<std::shared_ptr<void>> companions;
  int depth = 0;  ///< Of callback scopes: the outermost drains.
  bool running = false;
  bool turning = false;  ///< Inside uv_run.
  bool stop_requested = false;
  std::shared_ptr<Function<void(std::exception_ptr, ExceptionOrigin)>> uncaught_handler;
  std::deque<std::exception_ptr> thrown;

  uv_check_t check{};                          ///< See run_check_phase().
  uv_async_t wake{};                           ///< post().
  std::unique_ptr<ReadBuffer> read_buffer;     ///< Made for the first stream that needs it.
  const std::uint64_t serial = next_serial();  ///< Tells Loops apart for good.
  std::vector<CreationSite> holds;             ///< Of each KeepAlive.
  std::mutex posted_mutex;
  std::vector<Function<void()>> posted;  ///< Guarded by posted_mutex.

 private:
  static std::uint64_t next_serial() noexcept;
  void tear_down();
  bool drop_everything();
  bool abandon_awaited();
  void close_handles();
};

/// The current thread's; ends the process with a sentence if it has none.
inline LoopState& loop_state() noexcept { return static_cast<LoopState&>(environment()); }

}  // namespace contrail::inline v0::detail
