#include "src/async/hook_registry.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "contrail/resource_types.h"
#include "src/async/describe.h"
#include "src/async/environment.h"

namespace contrail::inline v0::detail {
namespace {

[[noreturn]] void fatal(const char* event, AsyncId id, const ResourceType* type) {
  const std::string_view name = type ? type->name : "resource";
  const std::string of = id == no_async_id ? "" : fmt::format(" of {} {}", name, id);
  fmt::print(stderr, "contrail: a hook threw in {}{}: {}\n", event, of,
             describe(std::current_exception()));
  std::exit(1);
}

}  // namespace

void HookRegistry::enable(std::shared_ptr<HookEntry> entry) {
  HookSet& hooks = edit();
  if (hooks.contains(*entry)) return;
  if (emitting()) next_differs_ = true;
  const bool promises = entry->callbacks.track_promises;
  hooks.add(std::move(entry));
  publish();
  if (promises) watch_promises();
}

void HookRegistry::disable(const HookEntry& entry) {
  HookSet& hooks = edit();
  const bool watched_before = hooks.watched() != 0;
  if (!hooks.remove(entry)) return;
  publish();
  // Node's oversight: the first change inside an event does not notice that no hook is left, and
  // promises stay tracked.
  const bool notices = !emitting() || std::exchange(next_differs_, true);
  if (notices && watched_before && hooks.watched() == 0) {
    promises_wanted_ = false;
    hot.environment->queue_internal_microtask(
        [](Environment& environment) { environment.hooks.stop_promises_unless_wanted(); });
  }
}

void HookRegistry::disable_all() {
  for (HookSet* hooks : {&active_, &next_}) hooks->detach_all();
  active_ = HookSet();
  next_ = HookSet();
  has_next_ = next_differs_ = false;
  promises_wanted_ = false;
  hot.promises = 0;
  event_time_ = 0;
  publish();
}

HookSet& HookRegistry::edit() {
  if (!emitting()) return active_;
  if (!has_next_) {
    next_ = active_;
    has_next_ = true;
  }
  return next_;
}

void HookRegistry::publish() noexcept {
  // The loop's next turn says whether it waits for a phase to begin.
  hot.watched = active_.watched() | (watches_phases() ? hot.watched & watch_phase : 0);
  boundaries_borrowed_ = false;
  if (event_time_ != 0) borrow_boundaries();
  hot.any_hook = !active_.empty();
  some_only_sampled_ = active_.any_only_sampled();
}

void HookRegistry::watch_promises() {
  // As in Node, this looks at the hooks that are active now, even during an emission.
  promises_wanted_ = true;
  std::uint8_t bits = promise_scope;
  if (!active_.init.empty()) bits |= promise_ids | promise_init;
  if (!active_.destroy.empty()) bits |= promise_ids;
  if (!active_.promise_resolve.empty()) bits |= promise_settle;
  hot.promises = bits;
}

void HookRegistry::stop_promises_unless_wanted() noexcept {
  if (!promises_wanted_) hot.promises = 0;
}

template <class Listeners, class... Argument>
inline void HookRegistry::emit(Listeners HookSet::*listeners, Event event,
                               const Argument&... argument) noexcept {
  event.outer = std::exchange(told_, &event);
  try {
    for (auto& listener : active_.*listeners) {
      if (listener.ignored && (listener.ignored & event.kind())) continue;
      (*listener.callback)(argument...);
    }
  } catch (...) {
    fatal(event.name, event.id, event.type);
  }
  told_ = event.outer;
  if (has_next_ && !told_) [[unlikely]]
    take_next();
}

void HookRegistry::take_next() noexcept {
  has_next_ = next_differs_ = false;
  std::swap(active_, next_);
  publish();
  next_ = HookSet();
}

std::int64_t HookRegistry::event_time() noexcept {
  const bool shared = emitting() || hot.execution_id > root_async_id;
  if (!shared) return clock.now();
  if (event_time_ == 0) {
    event_time_ = clock.now();
    borrow_boundaries();
  }
  return event_time_;
}

void HookRegistry::borrow_boundaries() noexcept {
  constexpr std::uint32_t boundaries = watch_before | watch_after;
  if ((hot.watched & boundaries) == boundaries) return;
  boundaries_borrowed_ = true;
  hot.watched |= boundaries;
}

namespace {

/// Whether the resource whose callback ends was entered from another one's.
bool runs_inside_callback() noexcept {
  const ScopeLink* const outer = hot.scope ? hot.scope->outer() : nullptr;
  return outer && outer->key().async_id > root_async_id;
}

/// Of the resource with this id, if it is running.
ResourceNotes* notes_of_running(AsyncId id) noexcept {
  for (const ScopeLink* scope = hot.scope; scope; scope = scope->outer()) {
    if (scope->key().async_id == id) return scope->key().notes();
  }
  return nullptr;
}

}  // namespace

void HookRegistry::emit_init(const ResourceInfo& made, const ResourceType& type,
                             ResourceNotes* notes, ResourceNotes* cause) {
  if (!cause && slots.any()) cause = notes_of_running(made.trigger_async_id);
  emit(&HookSet::init, {"init", made.async_id, &type, notes, cause}, made);
  outside_callbacks();
}

void HookRegistry::emit_before(const ScopeKey& key) noexcept {
  at_boundary();
  emit(&HookSet::before, {"before", key.async_id, key.type(), key.notes()}, key.async_id);
}

void HookRegistry::emit_after(const ScopeKey& key) noexcept {
  at_boundary();
  emit(&HookSet::after, {"after", key.async_id, key.type(), key.notes()}, key.async_id);
  // Of a callback inside another one it is also when that goes on.
  if (!runs_inside_callback()) at_boundary();
}

void HookRegistry::emit_promise_resolve(AsyncId id, ResourceNotes* notes) noexcept {
  emit(&HookSet::promise_resolve, {"promise_resolve", id, &resource_types::promise, notes}, id);
  outside_callbacks();
}

void HookRegistry::emit_context_switch() noexcept {
  if (std::exchange(in_context_switch_, true)) return;  // A hook has a context of its own.
  emit(&HookSet::context_switch, {"context_switch"});
  in_context_switch_ = false;
  outside_callbacks();
}

void HookRegistry::emit_loop_phase(LoopPhase phase) noexcept {
  event_time_ = 0;
  emit(&HookSet::loop_phase, {"loop_phase"}, phase);
  event_time_ = 0;
}

void HookRegistry::emit_destroys(std::span<const PendingDestroy> resources) noexcept {
  event_time_ = 0;
  for (const PendingDestroy& resource : resources) {
    const ResourceType* type = resource.promise() ? &resource_types::promise : nullptr;
    const AsyncId id = resource.id();
    if (id != no_async_id) emit(&HookSet::destroy, {"destroy", id, type, resource.notes()}, id);
    if (ResourceNotes* notes = resource.ending_notes()) HookSlots::free_notes(notes);
  }
  event_time_ = 0;
}

void emit_init(const ResourceInfo& made, const ResourceType& type, ResourceNotes* notes,
               ResourceNotes* cause) {
  environment().hooks.emit_init(made, type, notes, cause);
}

ResourceNotes* new_notes(bool sampled) noexcept {
  return hot.environment ? hot.environment->hooks.new_notes(sampled) : nullptr;
}

void emit_context_switch() noexcept {
  if (hot.environment) hot.environment->hooks.emit_context_switch();
}

// A scope may be left, or a bound function called, after its Loop is gone: nobody listens then. A
// thread that never had one is told here, off the path of those that have.
void emit_before(const ScopeKey& key) noexcept {
  if (hot.environment) return hot.environment->hooks.emit_before(key);
  if (hot.thread == 0) {
    die(
        fmt::format("contrail: an AsyncResource \"{}\", or a function bound to one, was used on a "
                    "thread that never had a Loop: Loop::post() gets to its own",
                    key.type()->name));
  }
}

ContextFrame* emit_before_leaving(const ScopeKey& key) noexcept {
  emit_before(key);
  return frame_to_return_to();
}

void emit_after(const ScopeKey& key) noexcept {
  if (hot.environment) hot.environment->hooks.emit_after(key);
}

void emit_promise_resolve(AsyncId id, ResourceNotes* notes) noexcept {
  if (hot.environment) hot.environment->hooks.emit_promise_resolve(id, notes);
}

}  // namespace contrail::inline v0::detail
