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

template <class Listeners, class Callback>
void listen(Listeners& listeners, Callback& callback, bool promises) {
  if (callback) listeners.push_back({&callback, promises});
}

[[noreturn]] void fatal(const char* event, AsyncId id, const ResourceType* type) {
  const std::string_view name = type ? type->name : "resource";
  fmt::print(stderr, "contrail: a hook threw in {} of {} {}: {}\n", event, name, id,
             describe(std::current_exception()));
  std::exit(1);
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
  return bits;
}

void HookSet::silence(HookEntry& entry) {
  // Never destroyed: a Loop with static storage may outlive them.
  static auto& no_init = *new Function<void(const ResourceInfo&)>([](const ResourceInfo&) {});
  static auto& nothing = *new Function<void(AsyncId)>([](AsyncId) {});
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
}

void HookSet::rebuild() {
  init.clear();
  for (IdListeners* listeners : {&before, &after, &destroy, &promise_resolve}) listeners->clear();
  for (auto& entry : entries_) {
    HookCallbacks& callbacks = entry->callbacks;
    const bool promises = callbacks.track_promises;
    listen(init, callbacks.init, promises);
    listen(before, callbacks.before, promises);
    listen(after, callbacks.after, promises);
    listen(destroy, callbacks.destroy, promises);
    listen(promise_resolve, callbacks.promise_resolve, promises);
  }
}

void HookRegistry::enable(std::shared_ptr<HookEntry> entry) {
  HookSet& hooks = edit();
  if (hooks.contains(*entry)) return;
  if (depth_ > 0) next_differs_ = true;
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
  const bool notices = depth_ == 0 || std::exchange(next_differs_, true);
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
  publish();
}

HookSet& HookRegistry::edit() {
  if (depth_ == 0) return active_;
  if (!has_next_) {
    next_ = active_;
    has_next_ = true;
  }
  return next_;
}

void HookRegistry::publish() {
  hot.watched = active_.watched();
  hot.any_hook = !active_.empty();
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

template <class Listeners, class Argument>
inline void HookRegistry::emit(Listeners HookSet::*listeners, const Argument& argument, AsyncId id,
                               const ResourceType* type, const char* event) noexcept {
  const bool promise = type == &resource_types::promise;
  const int outer_depth = depth_;
  depth_ = outer_depth + 1;
  try {
    for (auto& listener : active_.*listeners) {
      if (!promise || listener.promises) (*listener.callback)(argument);
    }
  } catch (...) {
    fatal(event, id, type);
  }
  depth_ = outer_depth;
  if (outer_depth == 0 && has_next_) [[unlikely]]
    take_next();
}

void HookRegistry::take_next() noexcept {
  has_next_ = next_differs_ = false;
  std::swap(active_, next_);
  publish();
  next_ = HookSet();
}

void HookRegistry::emit_init(const ScopeKey& key, CreationSite site) {
  const ResourceInfo info{key.async_id, key.trigger_async_id, key.type->name,
                          AnyRef::from(key.details, key.type->details_tag), site};
  emit(&HookSet::init, info, key.async_id, key.type, "init");
}

void HookRegistry::emit_before(const ScopeKey& key) noexcept {
  emit(&HookSet::before, key.async_id, key.async_id, key.type, "before");
}

void HookRegistry::emit_after(const ScopeKey& key) noexcept {
  emit(&HookSet::after, key.async_id, key.async_id, key.type, "after");
}

void HookRegistry::emit_promise_resolve(AsyncId id) noexcept {
  emit(&HookSet::promise_resolve, id, id, &resource_types::promise, "promise_resolve");
}

void HookRegistry::emit_destroys(std::span<const PendingDestroy> resources) noexcept {
  for (const PendingDestroy& resource : resources) {
    const ResourceType* type = resource.promise() ? &resource_types::promise : nullptr;
    emit(&HookSet::destroy, resource.id(), resource.id(), type, "destroy");
  }
}

void emit_init(const ScopeKey& key, CreationSite site) { environment().hooks.emit_init(key, site); }

// A scope may be left, or a bound function called, after its Loop is gone: nobody listens then. A
// thread that never had one is told here, off the path of those that have.
void emit_before(const ScopeKey& key) noexcept {
  if (hot.environment) return hot.environment->hooks.emit_before(key);
  if (hot.thread == 0) {
    die(
        fmt::format("contrail: an AsyncResource \"{}\", or a function bound to one, was used on a "
                    "thread that never had a Loop: Loop::post() gets to its own",
                    key.type->name));
  }
}

ContextFrame* emit_before_leaving(const ScopeKey& key) noexcept {
  emit_before(key);
  return frame_to_return_to();
}

void emit_after(const ScopeKey& key) noexcept {
  if (hot.environment) hot.environment->hooks.emit_after(key);
}

void emit_promise_resolve(AsyncId id) noexcept {
  if (hot.environment) hot.environment->hooks.emit_promise_resolve(id);
}

}  // namespace contrail::inline v0::detail
