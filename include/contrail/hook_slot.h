#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>

#include "contrail/detail/export.h"
#include "contrail/detail/resource_notes.h"

namespace contrail::inline v0 {

namespace detail {

/// One of the few places that the resources of a Loop have for what tracers note.
class CONTRAIL_API ClaimedSlot {
 public:
  ClaimedSlot();
  ClaimedSlot(const ClaimedSlot&) = delete;
  ClaimedSlot& operator=(const ClaimedSlot&) = delete;
  ~ClaimedSlot();

  /// Room in these notes, or nullptr; the slot is taken for filled from then on.
  void* fill(ResourceNotes* notes) const noexcept {
    if (!has_room(notes)) return nullptr;
    notes->present = static_cast<std::uint16_t>(notes->present | bit());
    return notes->slot(index_);
  }
  void* find(ResourceNotes* notes) const noexcept {
    return has_room(notes) && (notes->present & bit()) ? notes->slot(index_) : nullptr;
  }

  void erase(ResourceNotes* notes) const noexcept {
    if (has_room(notes)) notes->present = static_cast<std::uint16_t>(notes->present & ~bit());
  }

  /// Whose notes: of the resource of the event that is being told; of what caused that, if it is
  /// an init and that is known; of the resource whose callback is running. On the Loop that the
  /// slot is of; nullptr elsewhere.
  ResourceNotes* subject() const noexcept;
  ResourceNotes* cause() const noexcept;
  ResourceNotes* running() const noexcept;

 private:
  bool has_room(const ResourceNotes* notes) const noexcept {
    return notes && notes->epoch >= epoch_ && index_ < notes->room;
  }
  unsigned bit() const noexcept { return 1u << index_; }

  std::uint32_t epoch_;
  std::uint32_t index_;
};

}  // namespace detail

/// A tracer's own notes about every resource, kept with the resource: no map from ids is needed,
/// nor anything to clean up.
///
///     HookSlot<Clock::time_point> made_at;
///     AsyncHook hook({.init = [&](const ResourceInfo&) { made_at.emplace(Clock::now()); },
///                     .before = [&](AsyncId) {
///                       if (const auto* at = made_at.get()) waited.add(Clock::now() - *at);
///                     }});
///
/// A Loop has sixteen of them. T is at most 16 bytes, and just bytes: what is larger is pointed to,
/// and freed in `destroy`. A resource older than the slot, or made while no hook listened to
/// `init`, has no notes: every reader is prepared for nullptr.
///
/// Made, used and destroyed on the Loop's thread, in any order with the Loop. It is that Loop's: in
/// events of a later one it is empty, and takes nothing.
template <class T>
class HookSlot {
  static_assert(sizeof(T) <= detail::ResourceNotes::slot_bytes && alignof(T) <= alignof(void*),
                "a HookSlot has room for 16 bytes: keep a pointer to what is larger");
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>,
                "a HookSlot is dropped with its resource, without a destructor");

 public:
  /// Throws std::length_error if all slots of this thread's Loop are taken. Needs a Loop.
  HookSlot() = default;

  /// In `init` or later: notes something about the resource of the event, in place of what was
  /// noted before. nullptr if there is no room, as the resource is older than the slot.
  T* emplace(const T& value) noexcept {
    void* room = slot_.fill(slot_.subject());
    return room ? ::new (room) T(value) : nullptr;
  }
  /// In any event of a resource: what was noted about it, or nullptr. Valid during the event.
  T* get() const noexcept { return at(slot_.subject()); }
  /// In any event of a resource: nothing is noted about it any more. In `destroy`, for who counts:
  /// AsyncResource::emit_destroy() may tell it twice.
  void erase() noexcept { slot_.erase(slot_.subject()); }
  /// In `init`: of the resource that caused this one, as far as it can be told: it is running, or
  /// it is a promise or was named by ResourceOptions::trigger. Else nullptr.
  T* of_trigger() const noexcept { return at(slot_.cause()); }
  /// Anywhere: of the resource whose callback is running, or nullptr.
  T* of_running() const noexcept { return at(slot_.running()); }

 private:
  T* at(detail::ResourceNotes* notes) const noexcept {
    void* noted = slot_.find(notes);
    return noted ? std::launder(static_cast<T*>(noted)) : nullptr;
  }

  detail::ClaimedSlot slot_;
};

}  // namespace contrail::inline v0
