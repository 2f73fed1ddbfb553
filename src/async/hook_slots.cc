#include "src/async/hook_slots.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <stdexcept>

#include "contrail/detail/pool.h"
#include "contrail/hook_slot.h"
#include "src/async/environment.h"

namespace contrail::inline v0::detail {

HookSlots::Claim HookSlots::claim() {
  // The process's, so that what one Loop has claimed is never taken for another's.
  static std::atomic<std::uint32_t> last_epoch{0};
  std::uint32_t* const free = std::find(std::begin(epochs_), std::end(epochs_), 0u);
  if (free == std::end(epochs_)) {
    throw std::length_error("HookSlot: all 16 of this Loop are taken, by as many tracers");
  }
  *free = latest_epoch_ = ++last_epoch;
  measure();
  return {latest_epoch_, static_cast<std::uint32_t>(free - epochs_)};
}

void HookSlots::release(Claim claim) noexcept {
  if (!holds(claim)) return;
  epochs_[claim.index] = 0;
  measure();
}

void HookSlots::measure() noexcept {
  room_ = 0;
  for (std::uint8_t index = 0; index < ResourceNotes::slots_max; ++index) {
    if (epochs_[index] != 0) room_ = static_cast<std::uint8_t>(index + 1);
  }
}

ResourceNotes* HookSlots::new_notes(bool sampled) const noexcept {
  const std::size_t bytes = sizeof(ResourceNotes) + room_ * ResourceNotes::slot_bytes;
  try {
    return ::new (pool_allocate(bytes)) ResourceNotes{
        .epoch = latest_epoch_, .room = room_, .sampled = sampled, .details = nullptr};
  } catch (const std::bad_alloc&) {
    return nullptr;  // Hooks then know as little of it as of one that is older than they.
  }
}

void HookSlots::free_notes(ResourceNotes* notes) noexcept {
  // Who ran the loop inside a callback of the resource may still be there.
  for (ScopeLink* scope = hot.scope; scope; scope = scope->outer()) {
    if (scope->key().notes() == notes) scope->forget_resource();
  }
  pool_release(notes, notes->bytes());
}

ClaimedSlot::ClaimedSlot() {
  const HookSlots::Claim claim = environment().hooks.slots.claim();
  epoch_ = claim.epoch;
  index_ = claim.index;
}

ClaimedSlot::~ClaimedSlot() {
  if (hot.environment) hot.environment->hooks.slots.release({epoch_, index_});
}

namespace {

/// The hooks of the Loop that has given out the slot, if that is this thread's.
HookRegistry* hooks_of(HookSlots::Claim claim) noexcept {
  if (!hot.environment || !hot.environment->hooks.slots.holds(claim)) return nullptr;
  return &hot.environment->hooks;
}

}  // namespace

ResourceNotes* ClaimedSlot::subject() const noexcept {
  const HookRegistry* hooks = hooks_of({epoch_, index_});
  return hooks ? hooks->subject() : nullptr;
}

ResourceNotes* ClaimedSlot::cause() const noexcept {
  const HookRegistry* hooks = hooks_of({epoch_, index_});
  return hooks ? hooks->cause() : nullptr;
}

ResourceNotes* ClaimedSlot::running() const noexcept {
  return hot.scope && hooks_of({epoch_, index_}) ? hot.scope->key().notes() : nullptr;
}

}  // namespace contrail::inline v0::detail
