#include "src/loop/immediates.h"

#include "src/loop/callback_scope.h"
#include "src/loop/handle.h"
#include "src/loop/loop_state.h"
#include "src/loop/require_callback.h"

namespace contrail::inline v0 {
namespace detail {

void retain(ImmediateState* immediate) noexcept { ++immediate->refs; }
void release(ImmediateState* immediate) noexcept {
  if (--immediate->refs == 0) delete immediate;
}

void Immediates::List::remove(ImmediateState* immediate) noexcept {
  (immediate->previous ? immediate->previous->next : head) = immediate->next;
  (immediate->next ? immediate->next->previous : tail) = immediate->previous;
  immediate->next = immediate->previous = nullptr;
}

void Immediates::open() { uv_idle_init(loop_.uv, &spin_); }

void Immediates::spin() noexcept {
  if (alive()) {
    uv_idle_start(&spin_, [](uv_idle_t*) {});
  } else {
    uv_idle_stop(&spin_);
  }
}

Immediate Immediates::add(Function<void()>&& fn, CreationSite site) {
  auto* immediate = new ImmediateState(std::move(fn), site);
  waiting_.push(immediate);
  count_one();
  return ImmediateState::ticket(immediate);
}

void Immediates::clear(ImmediateState& immediate) noexcept {
  if (immediate.done) return;
  immediate.done = true;
  immediate.resource.emit_destroy();
  immediate.resource.release_context();
  // Both lists are linked the same way; only the ends tell them apart.
  const bool running = running_.head == &immediate || running_.tail == &immediate;
  (running ? running_ : waiting_).remove(&immediate);
  if (immediate.has_ref) discount_one();
  Function<void()> fn = std::move(immediate.fn);
  release(&immediate);
}

void Immediates::set_ref(ImmediateState& immediate, bool on) noexcept {
  if (immediate.done || immediate.has_ref == on) return;
  immediate.has_ref = on;
  on ? count_one() : discount_one();
}

void Immediates::run() {
  if (!pending()) return;
  for (bool first = true;; first = false) {
    CallbackScope scope;
    // After an exception this goes on in the same phase, and, as in Node, with immediates made
    // meanwhile if none of the old ones are left; but not if run() has the exception to throw.
    if (!running_.head) {
      if (!first && !loop_.thrown.empty()) return;
      running_ = std::exchange(waiting_, List{});
    }
    if (run_list()) return;
    scope.skip_drain();
  }
}

bool Immediates::run_list() {
  for (bool first = true; running_.head; first = false) {
    if (!first && !loop_.tasks.drain()) return false;
    ImmediateState* immediate = running_.head;  // The drain may have cleared what was there.
    if (!immediate) break;
    running_.pop();
    if (immediate->has_ref) discount_one();
    immediate->done = true;
    const bool returned = run_one(*immediate);
    release(immediate);
    if (!returned) return false;
  }
  return true;
}

inline bool Immediates::run_one(ImmediateState& immediate) {
  CallbackFrameScope scope(immediate.resource.scope_key(), immediate.resource.context_frame());
  std::exception_ptr error = catch_from([&] { immediate.fn(); });
  immediate.resource.emit_destroy();
  immediate.resource.release_context();
  if (error) [[unlikely]]
    loop_.uncaught(error, ExceptionOrigin::uncaught_exception);
  immediate.fn = nullptr;  // What it captured goes in its scope too.
  return !error;
}

bool Immediates::drop() noexcept {
  const bool anything = pending();
  for (List* list : {&running_, &waiting_}) {
    while (ImmediateState* immediate = list->head) {
      list->remove(immediate);
      if (immediate->has_ref) discount_one();
      immediate->done = true;
      immediate->resource.emit_destroy();
      immediate->resource.release_context();
      immediate->fn = nullptr;
      release(immediate);
    }
  }
  return anything;
}

void Immediates::close() noexcept { uv_close(reinterpret_cast<uv_handle_t*>(&spin_), nullptr); }

namespace {

/// The list that it is in.
Immediates& list_of(const ImmediateState& immediate) noexcept {
  if (immediate.thread != hot.thread) [[unlikely]]
    die_off_loop("Immediate");
  return loop_state().immediates;
}

}  // namespace
}  // namespace detail

Immediate set_immediate(Function<void()> fn, CreationSite site) {
  detail::require_callback(fn, "set_immediate");
  return detail::loop_state().immediates.add(std::move(fn), site);
}

void Immediate::clear() noexcept {
  if (state_ && !state_->done) detail::list_of(*state_).clear(*state_);
}

Immediate& Immediate::ref() noexcept {
  if (state_ && !state_->done) detail::list_of(*state_).set_ref(*state_, true);
  return *this;
}

Immediate& Immediate::unref() noexcept {
  if (state_ && !state_->done) detail::list_of(*state_).set_ref(*state_, false);
  return *this;
}

bool Immediate::has_ref() const noexcept { return state_ && !state_->done && state_->has_ref; }

AsyncId Immediate::async_id() const noexcept {
  return state_ ? state_->resource.async_id() : no_async_id;
}

}  // namespace contrail::inline v0
