#include "src/async/hook_set.h"

#include <algorithm>
#include <utility>

namespace contrail::inline v0::detail {
namespace {

template <class Listeners, class Callback>
void listen(Listeners& listeners, Callback& callback, int ignored) {
  if (callback) listeners.push_back({&callback, static_cast<std::uint8_t>(ignored)});
}

}  // namespace

void HookSet::add(std::shared_ptr<HookEntry> entry) {
  HookSet changed = *this;  // If that throws, nothing has changed.
  changed.entries_.push_back(std::move(entry));
  changed.rebuild();
  std::swap(*this, changed);
}

bool HookSet::remove(const HookEntry& entry) {
  const bool removed = std::erase_if(entries_, [&](auto& e) { return e.get() == &entry; }) > 0;
  if (removed) rebuild();
  return removed;
}

void HookSet::detach_all() {
  for (auto& entry : entries_) {
    entry->enabled = false;
    entry->environment = nullptr;
  }
}

bool HookSet::contains(const HookEntry& entry) const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [&](auto& candidate) { return candidate.get() == &entry; });
}

std::uint32_t HookSet::watched() const {
  std::uint32_t bits = 0;
  if (!init.empty()) bits |= watch_init;
  if (!before.empty()) bits |= watch_before;
  if (!after.empty()) bits |= watch_after;
  if (!destroy.empty()) bits |= watch_destroy;
  if (!promise_resolve.empty()) bits |= watch_promise_resolve;
  if (!context_switch.empty()) bits |= watch_context;
  return bits;
}

bool HookSet::any_only_sampled() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](auto& entry) { return entry->callbacks.only_sampled; });
}

void HookSet::silence(HookEntry& entry) {
  // Never destroyed: a Loop with static storage may outlive them.
  static auto& no_init = *new Function<void(const ResourceInfo&)>([](const ResourceInfo&) {});
  static auto& nothing = *new Function<void(AsyncId)>([](AsyncId) {});
  static auto& no_switch = *new Function<void()>([] {});
  static auto& no_phase = *new Function<void(LoopPhase)>([](LoopPhase) {});
  auto replace = [](auto& listeners, auto& callback, auto& by) {
    for (auto& listener : listeners) {
      if (listener.callback == &callback) listener.callback = &by;
    }
  };
  HookCallbacks& callbacks = entry.callbacks;
  replace(init, callbacks.init, no_init);
  replace(before, callbacks.before, nothing);
  replace(after, callbacks.after, nothing);
  replace(destroy, callbacks.destroy, nothing);
  replace(promise_resolve, callbacks.promise_resolve, nothing);
  replace(context_switch, callbacks.context_switch, no_switch);
  replace(loop_phase, callbacks.loop_phase, no_phase);
}

void HookSet::rebuild() {
  init.clear();
  context_switch.clear();
  loop_phase.clear();
  for (IdListeners* listeners : {&before, &after, &destroy, &promise_resolve}) listeners->clear();
  for (auto& entry : entries_) {
    HookCallbacks& callbacks = entry->callbacks;
    const int ignored =
        (callbacks.track_promises ? any : promise) | (callbacks.only_sampled ? unsampled : any);
    listen(init, callbacks.init, ignored);
    listen(before, callbacks.before, ignored);
    listen(after, callbacks.after, ignored);
    listen(destroy, callbacks.destroy, ignored);
    listen(promise_resolve, callbacks.promise_resolve, ignored);
    listen(context_switch, callbacks.context_switch, any);
    listen(loop_phase, callbacks.loop_phase, any);
  }
}

}  // namespace contrail::inline v0::detail
