// How a Loop ends: what is pending is dropped, in whatever state it is, and every destroy
// delivered.

#include <fmt/core.h>

#include <cstdio>
#include <mutex>
#include <utility>
#include <vector>

#include "src/async/overflow.h"
#include "src/async/shared_context.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

LoopState::~LoopState() {
  if (in_use()) die("contrail: a Loop was destroyed from inside one of its callbacks");
  if (thread != std::this_thread::get_id()) {
    die("contrail: a Loop was destroyed on a thread other than its own");
  }
  tear_down();
  if (uv == &own) uv_loop_close(uv);
  forget_empty_frame();
  reset_hot_line();
}

void LoopState::tear_down() {
  FrameScope ground(nullptr);  // What abandoned coroutines put back in place is not the caller's.
  hot.tearing_down = true;
  hot.execution_id = hot.trigger_id = no_async_id;
  uncaught_handler = nullptr;
  rejections.handler = nullptr;
  for (const std::exception_ptr& error : std::exchange(thrown, {})) {
    fmt::print(stderr,
               "contrail: lost with its Loop, as nobody called run() again or installed "
               "on_uncaught_exception(): {}\n",
               describe(error));
  }
  // A hook may make something of a destroy, and hear the destroy of that, and so on: not for ever.
  constexpr int rounds_max = 100;
  for (int round = 0; round < rounds_max && (drop_everything() || !destroys.empty()); ++round) {
    destroys.flush();
  }
  while (on_shutdown.next != &on_shutdown) on_shutdown.next->unlink();
  companions.clear();
  hooks.disable_all();
  drop_everything();
  close_handles();
}

/// True if there was anything. Dropping one thing may make another: a destructor starts a timer, a
/// broken promise has a reaction. So until there is nothing.
bool LoopState::drop_everything() {
  bool dropped = false;
  shutdown.reset();
  for (bool anything = true; anything; dropped |= anything) {
    anything = tasks.drop();
    anything |= timers.drop();
    anything |= immediates.drop();
    anything |= rejections.drop();
    std::vector<Function<void()>> undone;
    {
      std::lock_guard lock(posted_mutex);
      undone.swap(posted);
    }
    anything |= !undone.empty();
    undone.clear();
    take_back_contexts();
    if (!open.empty()) {
      anything = true;
      open.end_all();
      uv_run(uv, UV_RUN_ONCE);
    }
    anything = anything || abandon_awaited();
  }
  return dropped;
}

/// For promises that nobody is left to settle: they may be kept by those who wait for them.
bool LoopState::abandon_awaited() {
  const bool anything = awaited != nullptr;
  while (awaited) awaited->release_reactions();
  return anything;
}

void LoopState::close_handles() {
  timers.close();
  immediates.close();
  int closing = 3;
  for (auto* handle :
       {reinterpret_cast<uv_handle_t*>(&check), reinterpret_cast<uv_handle_t*>(&wake),
        reinterpret_cast<uv_handle_t*>(&phases.prepare)}) {
    handle->data = &closing;
    uv_close(handle, [](uv_handle_t* closed) { --*static_cast<int*>(closed->data); });
  }
  while (closing > 0) uv_run(uv, UV_RUN_NOWAIT);
}

}  // namespace contrail::inline v0::detail
