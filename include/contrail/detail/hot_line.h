#pragma once

#include <cstdint>

#include "contrail/detail/export.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0::detail {

class ContextFrame;
class ScopeLink;
struct Environment;

/// Who wants to hear what, as bits of HotLine::watched.
enum Watch : std::uint32_t {
  watch_init = 1,
  watch_before = 2,
  watch_after = 4,
  watch_destroy = 8,
  watch_promise_resolve = 16,
  watch_all = 31,
  /// No Loop lives on this thread. Set together with watch_all, so that the first thing anyone
  /// does takes the slow path, which then says what is missing.
  watch_no_loop = 32,
  watch_context = 64,  ///< Which context is current.
  watch_phase = 128,   ///< The next callback begins a phase of the loop's turn.
};

/// Which promise events are instrumented, as bits of HotLine::promises. Not the same as who
/// watches them: Node switches this on when a hook is enabled and off in a later microtask.
enum PromiseWatch : std::uint8_t {
  promise_ids = 1,     ///< New promises get an id.
  promise_init = 2,    ///< New promises get an id and emit init.
  promise_scope = 4,   ///< Reactions run between before and after.
  promise_settle = 8,  ///< Settling emits promise_resolve.
};

/// Everything an event touches, in one cache line a thread: a thread has at most one Loop.
struct alignas(64) HotLine {
  ContextFrame* frame = nullptr;  ///< The current context; a counted reference.
  AsyncId execution_id = no_async_id;
  AsyncId trigger_id = no_async_id;
  AsyncId last_id = root_async_id;
  ScopeLink* scope = nullptr;  ///< Innermost scope; the chain runs down the C++ stack.
  Environment* environment = nullptr;
  std::uint32_t watched = watch_all | watch_no_loop;
  std::uint32_t thread = 0;  ///< Tells threads apart: a number for each that has had a Loop.
  std::uint8_t promises = 0;
  /// The current frame stands for a copy of itself that nobody else can have captured: what Node's
  /// run() leaves behind. See separate_frame().
  bool frame_is_fresh = false;
  bool any_hook = false;       ///< Some hook is enabled.
  bool tearing_down = false;   ///< The Loop is being destroyed: drop, do not call.
  bool runs_pool_job = false;  ///< This is a thread of the pool, in what queue_work() was given.
};

extern CONTRAIL_API constinit thread_local HotLine hot __attribute__((tls_model("initial-exec")));

/// Behind a test of HotLine::watched.
CONTRAIL_API void emit_context_switch() noexcept;

/// Back to a thread without a Loop. The context stays: it may be older than the Loop.
void reset_hot_line() noexcept;

/// Ends the process with one sentence on stderr: for uses of the library that cannot go on.
[[noreturn, gnu::cold]] CONTRAIL_API void die(std::string_view sentence) noexcept;
[[noreturn, gnu::cold]] CONTRAIL_API void die_moved_from(std::string_view type) noexcept;

}  // namespace contrail::inline v0::detail
