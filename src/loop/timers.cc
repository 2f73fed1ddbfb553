#include "src/loop/timers.h"

#include <algorithm>

#include "src/loop/callback_scope.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0::detail {
namespace {

inline constexpr ResourceType timeout_type{resource_types::timeout.name,
                                           &AnyRef::tag_of<Timeout::Details>};

std::int64_t effective_delay(std::chrono::milliseconds delay) {
  return delay.count() >= 1 && delay <= longest_delay ? delay.count() : 1;
}

}  // namespace

void retain(TimeoutState* timer) noexcept { ++timer->refs; }
void release(TimeoutState* timer) noexcept {
  if (--timer->refs == 0) delete timer;
}

TimeoutState::TimeoutState(LoopState& its_loop, Function<void()>&& callback, std::int64_t delay,
                           bool repeats, CreationSite site)
    : repeat(repeats),
      loop(its_loop),
      fn(std::move(callback)),
      details{std::chrono::milliseconds(delay), repeats},
      resource(timeout_type, AnyRef::to(details), site) {}

void Timers::open() {
  uv_timer_init(loop_.uv, &timer_);
  timer_.data = this;
  uv_unref(reinterpret_cast<uv_handle_t*>(&timer_));
  parked_.next = parked_.previous = &parked_;
}

void Timers::close() noexcept { uv_close(reinterpret_cast<uv_handle_t*>(&timer_), nullptr); }

std::int64_t Timers::now() noexcept {
  if (virtual_now_) return *virtual_now_;
  uv_update_time(loop_.uv);
  return static_cast<std::int64_t>(uv_now(loop_.uv));
}

std::chrono::milliseconds Timers::cached_now() const noexcept {
  return std::chrono::milliseconds(virtual_now_ ? *virtual_now_
                                                : static_cast<std::int64_t>(uv_now(loop_.uv)));
}

Timeout Timers::add(Function<void()>&& fn, std::chrono::milliseconds delay, bool repeat,
                    CreationSite site) {
  auto timer = Ref<TimeoutState>::adopt(
      new TimeoutState(loop_, std::move(fn), effective_delay(delay), repeat, site));
  insert(*timer, now());
  count_one();
  return TimeoutState::ticket(timer.get());
}

void Timers::clear(TimeoutState& timer) noexcept {
  if (!std::exchange(timer.armed, false)) return;
  auto keep = Ref<TimeoutState>::share(&timer);
  if (!timer.destroyed) {
    finish(timer);
    timer.restartable = false;
    if (timer.pending()) {
      timer.unlink();
      timer.resource.release_context();
      release(&timer);
      drop_list_if_idle(timer.details.delay.count());
    }
  } else {
    timer.resource.release_context();
  }
  if (!timer.running) timer.fn = nullptr;
}

void Timers::refresh(TimeoutState& timer) {
  if (!timer.restartable) return;
  if (!timer.destroyed) return insert(timer, now());
  const auto keep = Ref<TimeoutState>::share(&timer);
  auto context = FrameRef::adopt(capture_frame());
  insert(timer, now());
  timer.destroyed = false;
  if (timer.has_ref) count_one();
  // Last, as a hook that hears of it may do anything to the timer: clear it, for instance.
  timer.resource.begin_again(std::move(context));
}

void Timers::set_ref(TimeoutState& timer, bool on) noexcept {
  if (timer.has_ref == on) return;
  timer.has_ref = on;
  if (timer.destroyed) return;
  Timers& timers = timer.loop.on_own_thread().timers;
  on ? timers.count_one() : timers.discount_one();
}

/// Ends the resource; the state may start another one.
void Timers::finish(TimeoutState& timer) noexcept {
  timer.destroyed = true;
  if (timer.has_ref) discount_one();
  timer.resource.emit_destroy();
}

/// If it throws, nothing has changed.
void Timers::insert(TimeoutState& timer, std::int64_t start) {
  const std::int64_t delay = timer.details.delay.count();
  List& list = list_of(delay);
  if (!timer.pending()) retain(&timer);
  timer.unlink();
  timer.parked = false;
  timer.start = start;
  if (list.empty()) place(list, start + delay);
  timer.insert_before(list);
}

void Timers::schedule(std::int64_t expiry) noexcept {
  next_expiry_ = expiry;
  if (virtual_now_) return;
  const auto delay =
      std::max<std::int64_t>(expiry - static_cast<std::int64_t>(uv_now(loop_.uv)), 1);
  uv_timer_start(
      &timer_, [](uv_timer_t* handle) { static_cast<Timers*>(handle->data)->run_due(); },
      static_cast<std::uint64_t>(delay), 0);
}

void Timers::run_due() {
  CallbackScope scope;
  const std::int64_t due = now();
  // Inserting while lists run must not start the uv timer: it is started once, at the end.
  next_expiry_ = INT64_MIN;
  while (!run_lists(due)) {
  }
  next_expiry_ = never;
  while (!heap_.empty() && heap_.front()->empty()) remove(*heap_.front());
  if (!heap_.empty()) schedule(heap_.front()->expiry);
}

/// False if a callback threw: call again to go on.
bool Timers::run_lists(std::int64_t now) {
  bool first = true;
  while (!heap_.empty() && heap_.front()->expiry <= now) {
    List& list = *heap_.front();
    running_list_ = &list;
    const bool drains = !list.empty() && !std::exchange(first, false);
    const bool returned = (!drains || loop_.tasks.drain()) && run_list(list, now);
    running_list_ = nullptr;
    if (!returned) return false;
  }
  return true;
}

bool Timers::run_list(List& list, std::int64_t now) {
  bool first = true;
  while (!list.empty()) {
    const std::int64_t expiry = list.first()->start + list.delay;
    if (expiry > now) {
      list.expiry = std::max(expiry, now + 1);
      list.order = next_order_++;
      sift_down(list.position);
      return true;
    }
    if (!std::exchange(first, false)) {
      if (!loop_.tasks.drain()) return false;
      if (list.empty()) break;
    }
    if (!fire(*list.first())) return false;
  }
  remove(list);
  return true;
}

bool Timers::fire(TimeoutState& timer) {
  timer.unlink();
  auto self = Ref<TimeoutState>::adopt(&timer);  // The list's reference.
  if (!timer.armed) {                            // Cleared after it had fired, then refreshed.
    if (!timer.destroyed) finish(timer);
    return true;
  }
  CallbackFrameScope scope(timer.resource.scope_key(), timer.resource.context_frame());
  const std::int64_t start = timer.repeat ? now() : 0;
  timer.running = true;
  std::exception_ptr error;
  if (timer.armed) error = catch_from([&] { timer.fn(); });  // A hook may have cleared it.
  timer.running = false;
  if (timer.repeat && timer.restartable) {
    insert(timer, start);
  } else if (!timer.pending()) {
    timer.resource.release_context();
    if (!timer.destroyed) finish(timer);
    if (timer.armed && timer.refs > 1) {  // A ticket may refresh() it: keep the callback.
      timer.parked = true;
      timer.insert_before(parked_);
    }
  }
  if (!timer.armed) timer.fn = nullptr;
  if (!error) [[likely]]
    return true;
  loop_.uncaught(error, ExceptionOrigin::uncaught_exception);
  return false;
}

bool Timers::drop() noexcept {
  bool anything = false;
  while (!heap_.empty()) {
    List& list = *heap_.back();
    running_list_ = &list;
    while (!list.empty()) {
      anything = true;
      TimeoutState& timer = *list.first();
      timer.armed = true;  // Also one that is pending only to end: cleared, then refreshed.
      clear(timer);
    }
    running_list_ = nullptr;
    remove(list);
  }
  while (parked_.next != &parked_) {
    anything = true;
    auto timer = Ref<TimeoutState>::share(static_cast<TimeoutState*>(parked_.next));
    timer->unlink();
    timer->parked = timer->armed = timer->restartable = false;
    timer->fn = nullptr;
  }
  return anything;
}

}  // namespace contrail::inline v0::detail
