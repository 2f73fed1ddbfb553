#pragma once

#include <cstdint>

#include "contrail/detail/resource_notes.h"

namespace contrail::inline v0::detail {

/// Which slots of its resources a Loop has given to tracers.
class HookSlots {
 public:
  struct Claim {
    std::uint32_t epoch;
    std::uint32_t index;
  };

  /// Throws std::length_error if none is left.
  Claim claim();
  /// Does nothing if it was another Loop's.
  void release(Claim claim) noexcept;
  bool holds(Claim claim) const noexcept { return epochs_[claim.index] == claim.epoch; }
  bool any() const noexcept { return room_ != 0; }

  /// With room for every slot that is claimed; nullptr if there is no memory.
  ResourceNotes* new_notes(bool sampled) const noexcept;
  static void free_notes(ResourceNotes* notes) noexcept;

 private:
  void measure() noexcept;

  std::uint32_t epochs_[ResourceNotes::slots_max] = {};  ///< 0: free.
  std::uint32_t latest_epoch_ = 0;
  std::uint8_t room_ = 0;  ///< For the slots up to the last one in use.
};

}  // namespace contrail::inline v0::detail
