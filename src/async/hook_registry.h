#pragma once

#include <memory>
#include <span>

#include "contrail/detail/async_scope.h"
#include "contrail/resource_types.h"
#include "src/async/destroy_queue.h"
#include "src/async/event_clock.h"
#include "src/async/hook_set.h"
#include "src/async/hook_slots.h"

namespace contrail::inline v0::detail {

class HookRegistry {
 public:
  void enable(std::shared_ptr<HookEntry> entry);
  void disable(const HookEntry& entry);
  void disable_all();
  /// No callback of the entry is called any more, not even in the event being delivered.
  void silence(HookEntry& entry) noexcept {
    if (emitting()) active_.silence(entry);
  }

  bool emitting() const noexcept { return told_ != nullptr; }

  /// For a resource that is about to be announced, if any hook wants them.
  ResourceNotes* new_notes(bool sampled) noexcept {
    if (!slots.any() && !(sampled && some_only_sampled_)) [[likely]]
      return nullptr;
    return slots.new_notes(sampled);
  }
  /// Whose notes: of the resource that the event is about that is being told; of its cause.
  ResourceNotes* subject() const noexcept { return told_ ? told_->notes : nullptr; }
  ResourceNotes* cause() const noexcept { return told_ ? told_->cause : nullptr; }
  std::int64_t event_time() noexcept;

  /// `cause` may be nullptr: then it is looked for among what is running.
  void emit_init(const ResourceInfo& made, const ResourceType& type, ResourceNotes* notes,
                 ResourceNotes* cause);
  void emit_before(const ScopeKey& key) noexcept;
  void emit_after(const ScopeKey& key) noexcept;
  void emit_promise_resolve(AsyncId id, ResourceNotes* notes) noexcept;
  void emit_context_switch() noexcept;
  void emit_loop_phase(LoopPhase phase) noexcept;
  bool watches_phases() const noexcept { return !active_.loop_phase.empty(); }
  /// An event for each, one after the other.
  void emit_destroys(std::span<const PendingDestroy> resources) noexcept;

  /// Node switches promises off in a microtask: the runtime may be between before and after.
  void stop_promises_unless_wanted() noexcept;

  HookSlots slots;
  EventClock clock;

 private:
  /// One that is being told, on the stack of who tells it.
  struct Event {
    const char* name;
    AsyncId id = no_async_id;
    const ResourceType* type = nullptr;
    ResourceNotes* notes = nullptr;
    ResourceNotes* cause = nullptr;
    Event* outer = nullptr;  ///< Which a hook is being told that has caused this one.

    /// As bits of HookSet::Kind.
    int kind() const noexcept {
      const bool sampled = notes && notes->sampled;
      return (type == &resource_types::promise ? HookSet::promise : HookSet::any) |
             (sampled ? HookSet::any : HookSet::unsampled);
    }
  };

  /// Inline in each emitter: what differs between them is then known to the compiler.
  template <class Listeners, class... Argument>
  [[gnu::always_inline]] void emit(Listeners HookSet::*listeners, Event event,
                                   const Argument&... argument) noexcept;
  HookSet& edit();
  [[gnu::cold]] void take_next() noexcept;
  /// Says what is watched. Boundaries are borrowed as long as callbacks share a time.
  void publish() noexcept;
  /// While callbacks that nobody listens to share a time, their ends must be heard all the same.
  void borrow_boundaries() noexcept;
  void at_boundary() noexcept {
    if (emitting()) return;  // What a hook runs is at the time of what it is being told.
    event_time_ = 0;
    if (boundaries_borrowed_) [[unlikely]]
      publish();
  }
  /// Nothing says there when the next event is at another time.
  void outside_callbacks() noexcept {
    if (!emitting() && hot.execution_id <= root_async_id) event_time_ = 0;
  }
  void watch_promises();

  HookSet active_;
  HookSet next_;  ///< Replaces active_ when the outermost emission ends, if has_next_.
  bool has_next_ = false;
  bool next_differs_ = false;    ///< By a hook that was added or removed inside this event.
  Event* told_ = nullptr;        ///< Innermost first.
  std::int64_t event_time_ = 0;  ///< 0: not read yet.
  bool promises_wanted_ = false;
  bool some_only_sampled_ = false;
  bool in_context_switch_ = false;
  bool boundaries_borrowed_ = false;
};

}  // namespace contrail::inline v0::detail
