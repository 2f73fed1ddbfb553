#pragma once

#include <array>
#include <cstdint>

#include "contrail/detail/context_frame.h"

namespace contrail::inline v0::detail {

/// A node of the persistent radix-16 tree that holds the variables beyond a frame's eight slots.
/// Binding copies the path to one leaf; everything else is shared.
struct OverflowNode : Pooled {
  static constexpr std::uint32_t bits = 4;
  static constexpr std::uint32_t fan_out = 1u << bits;

  std::uint32_t refs = 1;
  std::uint32_t height = 0;  ///< 0: children are boxes. Otherwise nodes of one height less.
  std::array<void*, fan_out> children = {};
};

void free_overflow(OverflowNode* node) noexcept;

inline void retain(OverflowNode* node) noexcept { ++node->refs; }
inline void release(OverflowNode* node) noexcept {
  if (--node->refs == 0) free_overflow(node);
}

Box* overflow_find(const OverflowNode* root, std::uint32_t index) noexcept;
/// A tree of its own with the box at index; root (borrowed) may be nullptr.
OverflowNode* overflow_with(OverflowNode* root, std::uint32_t index, Ref<Box> box);
/// A tree of its own without a box at index.
OverflowNode* overflow_without(OverflowNode* root, std::uint32_t index);

/// Drops this thread's shared empty frame: called when its Loop goes.
void forget_empty_frame() noexcept;
/// Drops whatever is current on this thread: called when the thread ends.
void forget_context() noexcept;

}  // namespace contrail::inline v0::detail
