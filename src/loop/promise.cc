#include "contrail/promise.h"

#include <future>
#include <stdexcept>

#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {

ScopeKey PromiseIds::key() const noexcept {
  const auto type = reinterpret_cast<std::uintptr_t>(&resource_types::promise);
  if (ResourceNotes* its = notes()) return {id(), its->trigger, type | ScopeKey::noted, its};
  return {id_, trigger_, type, nullptr};
}

void PromiseIds::track(PromiseIds* parent) noexcept {
  if (tracked()) return;
  if (parent && !parent->tracked()) {
    // Before the child's, as in Node: hooks were enabled after the parent was made. What caused
    // it was not recorded.
    parent->id_ = ++hot.last_id;
    parent->trigger_ = unassigned_async_id;
  }
  trigger_ = parent ? parent->id() : hot.execution_id;
  id_ = ++hot.last_id;
}

void PromiseIds::announce(PromiseIds* parent, CreationSite site) {
  if (hot.watched & watch_no_loop) environment();
  track(parent);
  if (!(hot.promises & promise_init) || !watched(watch_init)) return;
  const ResourceInfo made{
      .async_id = id(),
      .trigger_async_id = trigger_,
      .type = resource_types::promise,
      .site = site,
  };
  if (ResourceNotes* fresh = new_notes(hot.frame && hot.frame->sampled)) {
    fresh->trigger = trigger_;
    notes_ = fresh;
    id_ |= noted;
  }
  emit_init(made, resource_types::promise, notes(), parent ? parent->notes() : nullptr);
}

void PromiseIds::announce_settled() noexcept {
  track(nullptr);
  if (watched(watch_promise_resolve)) emit_promise_resolve(id(), notes());
}

void PromiseIds::announce_gone() noexcept {
  const bool told = watched(watch_destroy);
  if (told || notes()) queue_destroy(told ? id() : no_async_id, true, notes(), NotesEnd::here);
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
  if (thread_ != hot.thread && thread_ != 0) [[unlikely]] {
    if (is_stand_in()) {
      status_ = status;
      return pass_on();
    }
    die("contrail: a promise was settled on a thread other than its Loop's: Loop::post() gets "
        "there");
  }
  settler_ = nullptr;  // Ahead of hooks, which may cancel: there is nobody to ask any more.
  ids.settled();
  status_ = status;
  if (status == Status::rejected && !handled_ && !hot.tearing_down && hot.environment) {
    loop_state().rejections.add(*this);
  }
  if (first_) release_reactions();
}

void PromiseCore::join_awaited() noexcept {
  PromiseCore*& head = loop_state().awaited;
  next_awaited_ = head;
  if (head) head->awaited_from_ = &next_awaited_;
  awaited_from_ = &head;
  head = this;
}

void PromiseCore::leave_awaited() noexcept {
  if (!awaited_from_) return;
  if (next_awaited_) next_awaited_->awaited_from_ = awaited_from_;
  *std::exchange(awaited_from_, nullptr) = next_awaited_;
}

void PromiseCore::destroy_in_turn() noexcept {
  thread_local constinit PromiseCore* doomed = nullptr;
  thread_local constinit bool destroying = false;
  next_awaited_ = std::exchange(doomed, this);
  if (std::exchange(destroying, true)) return;
  while (PromiseCore* next = doomed) {
    doomed = next->next_awaited_;
    next->destroy();
  }
  destroying = false;
}

void PromiseCore::release_reactions() noexcept {
  leave_awaited();
  while (Job* reaction = first_) {
    first_ = reaction->next;
    if (hot.environment) [[likely]] {
      enqueue_job(reaction);  // A Loop that is going drops it from there, without recursion.
    } else {
      reaction->drop(reaction);
    }
  }
}

void AwaitReaction::start(CreationSite site) {
  if (hot.promises) [[unlikely]] {
    tracked_ = true;
    ids_.born(&source_->ids, site);
  }
  promise_->settled_by(source_.get());
  source_->add_reaction(this);
}

void AwaitReaction::resume(Job* job) noexcept {
  // The awaiter dies when its coroutine goes on: take along what the scope needs.
  auto* self = static_cast<AwaitReaction*>(job);
  const auto frame = FrameRef::adopt(std::exchange(self->frame, nullptr));
  self->promise_->settled_by(nullptr);
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
  auto* self = static_cast<AwaitReaction*>(job);
  PromiseCore& promise = *self->promise_;
  const auto source = std::move(self->source_);  // Coroutines may wait for each other in a circle.
  if (self->frame) release(std::exchange(self->frame, nullptr));
  self->ids_.gone();
  promise.settled_by(nullptr);
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
