#pragma once

#include <cstddef>
#include <cstdint>

#include "contrail/resource_info.h"

namespace contrail::inline v0::detail {

/// What hooks keep of one resource: made ahead of its init if any hook wants it, and gone after its
/// destroy was told. The room of the slots follows in memory. See HookSlot.
struct ResourceNotes {
  static constexpr std::size_t slots_max = 16;
  static constexpr std::size_t slot_bytes = 16;

  void* slot(std::size_t index) noexcept {
    return reinterpret_cast<std::byte*>(this + 1) + index * slot_bytes;
  }

  std::size_t bytes() const noexcept { return sizeof(ResourceNotes) + room * slot_bytes; }

  std::uint32_t epoch;        ///< Slots claimed later have no room here.
  std::uint16_t present = 0;  ///< Slots that were filled, as bits.
  std::uint8_t room;          ///< For so many slots.
  bool sampled;
  union {
    const void* details;  ///< Of an AsyncResource, which has these notes in their place.
    AsyncId trigger;      ///< The same of a promise.
  };
};

/// Whether a resource's notes are needed after an event of it that is queued.
enum class NotesEnd : bool { later, here };

}  // namespace contrail::inline v0::detail
