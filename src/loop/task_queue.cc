#include "src/loop/task_queue.h"

#include <memory>
#include <optional>

#include "contrail/microtask.h"
#include "src/loop/loop_state.h"
#include "src/loop/require_callback.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

/// A queue_microtask() callback that is a resource.
struct Microtask : Job, Pooled {
  Microtask(Function<void()>&& callback, CreationSite site)
      : Job(run_step, drop_step),
        fn(std::move(callback)),
        resource(resource_types::microtask, site) {
    surroundings = FrameRef::adopt(capture_frame());
  }

  static void run_step(Job* job) noexcept {
    std::unique_ptr<Microtask> self(static_cast<Microtask*>(job));
    FrameScope frame(self->surroundings.get());
    std::exception_ptr error;
    try {
      ScopeLink link(self->resource.scope_key());
      AsyncScope scope(link, self->resource.context_frame());
      error = catch_from([&] { self->fn(); });
      self->resource.emit_destroy();
    } catch (...) {
    }
    // As in Node, the scope has been left when the handler hears.
    if (error) loop_state().uncaught(error, ExceptionOrigin::uncaught_exception);
  }
  static void drop_step(Job* job) noexcept { delete static_cast<Microtask*>(job); }

  Function<void()> fn;
  /// What before, after and the handler of what it throws see: the context after its init, where
  /// the callback has the one before.
  FrameRef surroundings;
  AsyncResource resource;
};

/// One that is not: nothing was watching and there was no context to carry.
struct PlainMicrotask : Job, Pooled {
  explicit PlainMicrotask(Function<void()>&& callback)
      : Job(run_step, drop_step), fn(std::move(callback)) {}

  static void run_step(Job* job) noexcept {
    std::unique_ptr<PlainMicrotask> self(static_cast<PlainMicrotask*>(job));
    FrameScope frame(nullptr);
    if (auto error = catch_from([&] { self->fn(); })) {
      loop_state().uncaught(error, ExceptionOrigin::uncaught_exception);
    }
  }
  static void drop_step(Job* job) noexcept { delete static_cast<PlainMicrotask*>(job); }

  Function<void()> fn;
};

}  // namespace

void enqueue_job(Job* job) noexcept { loop_state().tasks.add_job(job); }

void TaskQueue::add_microtask(Function<void()>&& fn, CreationSite site) {
  if (hot.frame || hot.any_hook) {
    jobs_.push(new Microtask(std::move(fn), site));
  } else {
    jobs_.push(new PlainMicrotask(std::move(fn)));
  }
}

bool TaskQueue::drain_all() {
  if (!tick_scheduled_ && !rejection_pending_) {
    run_jobs();
    if (!tick_scheduled_ && !rejection_pending_) {
      await_callback_ = false;
      return true;
    }
  }
  for (;;) {
    if (!run_ticks()) return false;
    run_jobs();
    if (!ticks_.empty()) continue;
    if (!rejection_pending_) break;
    const Rejections::Verdict verdict = loop_.rejections.process();
    if (verdict == Rejections::Verdict::handler_threw) return false;
    if (verdict == Rejections::Verdict::none) break;
  }
  tick_scheduled_ = rejection_pending_ = await_callback_ = false;
  return true;
}

bool TaskQueue::run_ticks() {
  while (Tick* next = ticks_.pop()) {
    std::unique_ptr<Tick> tick(next);
    if (!run_tick(*tick)) return false;
  }
  return true;
}

bool TaskQueue::run_tick(Tick& tick) {
  CallbackFrameScope scope(tick.resource.scope_key(), tick.resource.context_frame());
  std::exception_ptr error = catch_from([&] { tick.fn(); });
  tick.resource.emit_destroy();
  if (!error) [[likely]]
    return true;
  loop_.uncaught(error, ExceptionOrigin::uncaught_exception);
  return false;
}

void TaskQueue::run_jobs() noexcept {
  while (Job* job = jobs_.pop()) job->run(job);
}

bool TaskQueue::drop() {
  const bool anything = !empty();
  while (Tick* tick = ticks_.pop()) delete tick;
  while (Job* job = jobs_.pop()) job->drop(job);
  return anything;
}

}  // namespace detail

void next_tick(Function<void()> fn, CreationSite site) {
  detail::require_callback(fn, "next_tick");
  detail::loop_state().tasks.add_tick(std::move(fn), site);
}

void queue_microtask(Function<void()> fn, CreationSite site) {
  detail::require_callback(fn, "queue_microtask");
  detail::loop_state().tasks.add_microtask(std::move(fn), site);
}

}  // namespace contrail::inline v0
