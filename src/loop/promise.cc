#include "contrail/promise.h"

#include <future>
#include <stdexcept>

#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

void PromiseIds::track(PromiseIds* parent) noexcept {
  if (id != no_async_id) return;
  if (parent && parent->id == no_async_id) {
    // Before the child's, as in Node: hooks were enabled after the parent was made. What caused
    // it was not recorded.
    parent->id = ++hot.last_id;
    parent->trigger = unassigned_async_id;
  }
  trigger = parent ? parent->id : hot.execution_id;
  id = ++hot.last_id;
}

void PromiseIds::announce(PromiseIds* parent) {
  if (hot.watched & watch_no_loop) environment();
  track(parent);
  if ((hot.promises & promise_init) && watched(watch_init)) emit_init(key());
}

void PromiseIds::announce_settled() noexcept {
  track(nullptr);
  if (watched(watch_promise_resolve)) emit_promise_resolve(key());
}

void ReactionScope::enter() {
  ids_->track(nullptr);
  link_.emplace(ids_->key());
  if (watched(watch_before)) emit_before(link_->key());
}

void ReactionScope::leave() noexcept {
  // Hooks enabled by the reaction itself see an `after` whose `before` they missed.
  ScopeKey key;
  if (link_) {
    key = link_->key();
  } else {
    ids_->track(nullptr);
    key = ids_->key();
  }
  if ((hot.promises & promise_scope) && watched(watch_after)) emit_after(key);
}

void PromiseCore::settle(Status status) {
  ids.settled();
  status_ = status;
  if (status == Status::rejected && !handled_ && !hot.tearing_down && hot.environment) {
    loop_state().rejections.add(*this);
  }
  release_reactions();
}

void PromiseCore::release_reactions() noexcept {
  while (Job* reaction = first_) {
    first_ = reaction->next;
    if (hot.environment) [[likely]] {
      enqueue_job(reaction);  // A Loop that is going drops it from there, without recursion.
    } else {
      reaction->drop(reaction);
    }
  }
}

void AwaitReaction::start(PromiseCore& source) {
  if (hot.promises) [[unlikely]] {
    tracked_ = true;
    ids_.born(&source.ids);
  }
  source.add_reaction(this);
}

void AwaitReaction::resume(Job* job) noexcept {
  // The awaiter dies when its coroutine goes on: take along what the scope needs.
  auto* self = static_cast<AwaitReaction*>(job);
  const auto frame = FrameRef::adopt(std::exchange(self->frame, nullptr));
  if (!self->tracked_) [[likely]] {
    ReactionScope scope(nullptr, frame.get());
    self->coroutine_.resume();
    return;
  }
  PromiseIds ids = self->ids_;
  {
    ReactionScope scope(&ids, frame.get());
    self->coroutine_.resume();
    ids.settled();
  }
  ids.gone();
}

void AwaitReaction::abandon(Job* job) noexcept {
  // The coroutine will never go on: whoever waits for it is abandoned too, then it dies here,
  // unless somebody still holds its promise.
  PromiseCore& promise = *static_cast<AwaitReaction*>(job)->promise_;
  promise.release_reactions();
  release(&promise);
}

std::exception_ptr chaining_cycle() {
  return std::make_exception_ptr(
      std::logic_error("Chaining cycle detected for promise #<Promise>"));
}

std::exception_ptr broken_promise() {
  return std::make_exception_ptr(std::future_error(std::future_errc::broken_promise));
}

}  // namespace contrail::inline v0::detail
