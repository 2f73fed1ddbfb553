#pragma once

#include <uv.h>

#include "contrail/async_hook.h"

namespace contrail::inline v0::detail {

struct LoopState;

/// Tells hooks how far a turn of the loop has got, while one of them listens. libuv says when it is
/// about to poll; that it has ended, the first callback says.
class LoopPhases {
 public:
  explicit LoopPhases(LoopState& loop) noexcept : loop_(loop) {}

  void open() noexcept;
  /// Listens if somebody does: to be called once a turn.
  void follow_hooks() noexcept;
  /// Behind a test of watch_phase: a callback is about to run.
  CONTRAIL_API void callback_begins() noexcept;
  void turn_ends() noexcept;

  uv_prepare_t prepare{};

 private:
  enum class Where { between_turns, turn, poll };

  void poll_begins() noexcept;
  /// Whether the next callback says something about the loop.
  void await_callback(bool on) noexcept;

  LoopState& loop_;
  Where where_ = Where::between_turns;
  bool listening_ = false;
};

}  // namespace contrail::inline v0::detail
