#pragma once

#include "src/async/overflow.h"

namespace contrail::inline v0::detail {

// How a thread makes a frame of its own for one of another thread's: of the same shape, with boxes
// that stand for the other's. lend(lender, from) makes a box for `from`, whose value is in
// `lender`.

template <class Lend>
Box* lent_box(const Box* from, Lend& lend) {
  // If `from` is borrowed itself, its own lender stays for longer still.
  const Box* lender = from->holder();
  return lender ? lend(lender, from) : absent_box(from->variable()).detach();
}

// What is made is owned at once: there may not be memory for the rest.

template <class Lend>
OverflowNode* lent_overflow(const OverflowNode* from, Lend& lend) {
  auto node = Ref<OverflowNode>::adopt(new OverflowNode);
  node->height = from->height;
  for (std::uint32_t i = 0; i < OverflowNode::fan_out; ++i) {
    const void* child = from->children[i];
    if (!child) continue;
    if (from->height == 0) {
      node->children[i] = lent_box(static_cast<const Box*>(child), lend);
    } else {
      node->children[i] = lent_overflow(static_cast<const OverflowNode*>(child), lend);
    }
  }
  return node.detach();
}

/// A counted reference. `from` must not change meanwhile.
template <class Lend>
ContextFrame* lent_frame(const ContextFrame* from, Lend lend) {
  auto frame = FrameRef::adopt(::new (pool_allocate(sizeof(ContextFrame))) ContextFrame);
  for (std::uint32_t slot = 0; slot < ContextFrame::slots; ++slot) {
    if (!from->slots_[slot]) continue;
    frame->slots_[slot] = lent_box(from->slots_[slot], lend);
    frame->bound = frame->owned = static_cast<std::uint8_t>(frame->bound | 1u << slot);
  }
  frame->sampled = from->sampled;
  if (from->overflow) frame->overflow = lent_overflow(from->overflow, lend);
  return frame.detach();
}

}  // namespace contrail::inline v0::detail
