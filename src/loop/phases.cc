#include "src/loop/phases.h"

#include "src/loop/callback_scope.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

void LoopPhases::open() noexcept {
  uv_prepare_init(loop_.uv, &prepare);
  prepare.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&prepare));
}

void LoopPhases::follow_hooks() noexcept {
  if (loop_.hooks.watches_phases() == listening_) [[likely]]
    return;
  listening_ = !listening_;
  where_ = Where::between_turns;
  await_callback(listening_);
  if (listening_) {
    uv_prepare_start(&prepare, [](uv_prepare_t* handle) {
      if (!hot.tearing_down) static_cast<LoopPhases*>(handle->data)->poll_begins();
    });
  } else {
    uv_prepare_stop(&prepare);
  }
}

void LoopPhases::callback_begins() noexcept {
  await_callback(false);
  if (hot.tearing_down) return;
  const Where was = std::exchange(where_, Where::turn);
  loop_.hooks.emit_loop_phase(was == Where::poll ? LoopPhase::poll_ends : LoopPhase::turn_begins);
}

void LoopPhases::poll_begins() noexcept {
  CallbackScope scope;  // Begins the turn, if no timer has.
  where_ = Where::poll;
  loop_.hooks.emit_loop_phase(LoopPhase::poll_begins);
  await_callback(true);
}

void LoopPhases::turn_ends() noexcept {
  if (!listening_ || where_ == Where::between_turns) return;
  CallbackScope scope;  // Ends the poll, if no callback has.
  where_ = Where::between_turns;
  loop_.hooks.emit_loop_phase(LoopPhase::turn_ends);
  await_callback(true);
}

void LoopPhases::await_callback(bool on) noexcept {
  hot.watched = on ? hot.watched | watch_phase : hot.watched & ~std::uint32_t{watch_phase};
}

}  // namespace contrail::inline v0::detail
