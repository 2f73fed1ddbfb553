#pragma once

#include <cstdint>

#include "contrail/detail/export.h"

namespace contrail::inline v0::detail {

/// Where a variable lives in a frame: an index that is reused, a uid that is not.
struct VariableKey {
  std::uint32_t index;
  std::uint32_t uid;

  static constexpr std::uint32_t uids = 1u << 30;  ///< A box needs the bits above for itself.
};
/// From any thread; so is the other.
CONTRAIL_API VariableKey new_variable_key();
CONTRAIL_API void free_variable_key(VariableKey key) noexcept;

}  // namespace contrail::inline v0::detail
