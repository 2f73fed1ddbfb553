#include "contrail/detail/context_frame.h"

#include <bit>

#include "src/async/overflow.h"
#include "src/async/shared_context.h"

namespace contrail::inline v0::detail {

struct Retired : Pooled {
  Box* box;
  Retired* next;
};

namespace {

constinit thread_local ContextFrame* dying __attribute__((tls_model("initial-exec"))) = nullptr;
constinit thread_local bool freeing __attribute__((tls_model("initial-exec"))) = false;

constexpr std::uint8_t bit(std::uint32_t index) { return static_cast<std::uint8_t>(1u << index); }

template <class Visit>
void for_each_slot(std::uint8_t mask, Visit visit) {
  for (unsigned rest = mask; rest != 0; rest &= rest - 1) visit(std::countr_zero(rest));
}

void link(ContextFrame* child, ContextFrame* parent) noexcept {
  child->parent = parent;
  if (parent) ++parent->links;
}

void free_retired(ContextFrame* frame) noexcept {
  while (Retired* retired = frame->retired) {
    frame->retired = retired->next;
    release(retired->box);
    delete retired;
  }
}

inline void unlink(ContextFrame* frame) noexcept {
  ContextFrame* parent = std::exchange(frame->parent, nullptr);
  if (!parent || --parent->links != 0) return;
  if (parent->refs == 0) {
    if (!parent->queued) parent->next_dying = std::exchange(dying, parent);
  } else if (parent->retired) {
    free_retired(parent);
  }
}

[[gnu::noinline]] void free_what_is_rare(ContextFrame* frame) noexcept {
  if (frame->retired) free_retired(frame);
  if (frame->overflow) release(frame->overflow);
}

inline void free_one(ContextFrame* frame) noexcept {
  if (frame->links != 0) [[unlikely]] {
    // Others borrow its slots still, but nobody sees its overflow any more.
    if (frame->overflow) release(std::exchange(frame->overflow, nullptr));
    return;
  }
  for_each_slot(frame->owned, [&](int slot) { release(frame->slots_[slot]); });
  if (frame->retired || frame->overflow) [[unlikely]]
    free_what_is_rare(frame);
  unlink(frame);
  pool_release(frame, sizeof(ContextFrame));
}

[[gnu::noinline]] void free_dying() noexcept {
  if (std::exchange(freeing, true)) return;
  while (ContextFrame* next = dying) {
    dying = next->next_dying;
    next->queued = false;
    free_one(next);
  }
  freeing = false;
}

inline ContextFrame* new_frame(const ContextFrame::Slots& boxes = {}) {
  return ::new (pool_allocate(sizeof(ContextFrame))) ContextFrame(boxes);
}

inline ContextFrame* copy_slots(const ContextFrame* from, void* memory) noexcept {
  auto* frame = ::new (memory) ContextFrame(from->slots_);
  frame->bound = from->bound;
  frame->sampled = from->sampled;
  frame->overflow = from->overflow;
  if (frame->overflow) retain(frame->overflow);
  return frame;
}

inline ContextFrame* copy_slots(const ContextFrame* from) {
  return copy_slots(from, pool_allocate(sizeof(ContextFrame)));
}

inline void own(ContextFrame* frame, std::uint8_t mask) noexcept {
  frame->owned = mask;
  for_each_slot(mask, [&](int slot) { retain(frame->slots_[slot]); });
}

inline bool is_empty(const ContextFrame* frame) noexcept {
  return !frame || (frame->bound == 0 && !frame->overflow && !frame->sampled);
}

/// Takes over a counted reference.
ContextFrame* replace_overflow(ContextFrame* frame, OverflowNode* tree) noexcept {
  if (OverflowNode* old = std::exchange(frame->overflow, tree)) release(old);
  return frame;
}

[[gnu::noinline]] ContextFrame* frame_with_overflow(ContextFrame* from, std::uint32_t index,
                                                    Ref<Box> box) {
  OverflowNode* old = from ? from->overflow : nullptr;
  auto tree =
      Ref<OverflowNode>::adopt(overflow_with(old, index - ContextFrame::slots, std::move(box)));
  ContextFrame* frame = is_empty(from) ? new_frame() : clone_frame(from);
  return replace_overflow(frame, tree.detach());
}

/// A copy of `from` with one slot bound anew.
inline ContextFrame* bind_slot(void* memory, ContextFrame* from, std::uint32_t index,
                               Box* counted_box) noexcept {
  const std::uint8_t variable = bit(index);
  ContextFrame* frame = copy_slots(from, memory);
  if (from->owned == variable) {  // REBIND
    link(frame, from->parent);
    frame->owned = variable;
  } else if (!(from->bound & variable) && !from->retired) {
    // ADD; not where disable() was: what is kept there for older frames is invisible to this one.
    if (!is_empty(from)) link(frame, from);
    frame->owned = variable;
  } else {  // FLATTEN
    own(frame, from->bound & static_cast<std::uint8_t>(~variable));
    frame->owned |= variable;
  }
  frame->slots_[index] = counted_box;
  frame->bound |= variable;
  return frame;
}

/// Where there is no frame yet, no room in the slots, or no memory at hand.
[[gnu::noinline]] ContextFrame* frame_with_slowly(ContextFrame* from, std::uint32_t index,
                                                  Box* counted_box) {
  auto box = Ref<Box>::adopt(counted_box);
  if (index >= ContextFrame::slots) return frame_with_overflow(from, index, std::move(box));
  void* memory = pool_allocate(sizeof(ContextFrame));
  ContextFrame nothing;
  return bind_slot(memory, from ? from : &nothing, index, box.detach());
}

constinit thread_local ContextFrame* the_empty_frame = nullptr;

}  // namespace

/// With the same links.
ContextFrame* clone_frame(ContextFrame* from) {
  ContextFrame* frame = copy_slots(from);
  own(frame, from->owned);
  link(frame, from->parent);
  return frame;
}

Ref<Box> absent_box(std::uint32_t uid) {
  struct AbsentBox : Box, Pooled {};
  auto* box = new AbsentBox;
  box->uid = uid | Box::absent;
  box->destroy = [](Box* self) noexcept { delete static_cast<AbsentBox*>(self); };
  return Ref<Box>::adopt(box);
}

Box* ContextFrame::find_overflow(std::uint32_t index) const noexcept {
  return overflow ? overflow_find(overflow, index - slots) : nullptr;
}

void free_frame(ContextFrame* frame) noexcept {
  // Values may hold frames, whose values may hold frames: they queue up instead of recursing.
  if (freeing) {
    frame->next_dying = std::exchange(dying, frame);
    frame->queued = true;
    return;
  }
  freeing = true;
  free_one(frame);
  freeing = false;
  if (dying) free_dying();
}

void release_orphan(ContextFrame* frame) noexcept {
  // Its blocks are in chunks that nobody takes apart any more: they must not reach this thread's
  // free lists.
  ContextFrame* const outer_dying = std::exchange(dying, nullptr);
  const bool outer_freeing = std::exchange(freeing, false);
  const bool outer_recycles = std::exchange(pool.recycles, false);
  const bool outer_frees_orphans = std::exchange(pool.frees_orphans, true);
  release(frame);
  pool.frees_orphans = outer_frees_orphans;
  pool.recycles = outer_recycles;
  freeing = outer_freeing;
  dying = outer_dying;
}

ContextFrame* frame_with(ContextFrame* from, std::uint32_t index, Box* counted_box) {
  if (from && index < ContextFrame::slots) [[likely]] {
    if (void* memory = pool_take(sizeof(ContextFrame))) [[likely]] {
      return bind_slot(memory, from, index, counted_box);
    }
  }
  return frame_with_slowly(from, index, counted_box);
}

ContextFrame* frame_without(ContextFrame* from, std::uint32_t index) {
  if (is_empty(from)) return empty_frame();
  if (!from->find(index)) return clone_frame(from);
  if (index >= ContextFrame::slots) {
    auto tree =
        Ref<OverflowNode>::adopt(overflow_without(from->overflow, index - ContextFrame::slots));
    ContextFrame* frame = clone_frame(from);
    return replace_overflow(frame, tree.detach());
  }
  ContextFrame* frame = copy_slots(from);
  const std::uint8_t rest = from->bound & static_cast<std::uint8_t>(~bit(index));
  frame->slots_[index] = nullptr;
  frame->bound = rest;
  if (from->owned == bit(index)) {
    link(frame, from->parent);
  } else {
    own(frame, rest);
  }
  return frame;
}

ContextFrame* sampled_frame(ContextFrame* from) {
  ContextFrame* frame = from ? clone_frame(from) : new_frame();
  frame->sampled = true;
  return frame;
}

ContextFrame* empty_frame() {
  if (!the_empty_frame) the_empty_frame = new_frame();
  retain(the_empty_frame);
  return the_empty_frame;
}

void forget_context() noexcept {
  replace_frame(nullptr);
  forget_empty_frame();
}

void forget_empty_frame() noexcept {
  if (ContextFrame* frame = std::exchange(the_empty_frame, nullptr)) release(frame);
}

ContextFrame* separate_frame() {
  ContextFrame* frame = hot.frame;
  if (frame->refs > 1 && !is_empty(frame)) {
    hot.frame = clone_frame(frame);
    release(frame);
  }
  hot.frame_is_fresh = false;
  return hot.frame;
}

void disable_in_frame(VariableKey key) {
  Box* box = find_box(key);
  if (!box) return;
  ContextFrame* frame = hot.frame_is_fresh ? separate_frame() : hot.frame;
  if (key.index >= ContextFrame::slots) {
    replace_overflow(frame, overflow_without(frame->overflow, key.index - ContextFrame::slots));
    frame->edited = true;
    return;
  }
  const std::uint8_t variable = bit(key.index);
  if (frame->links > 0) {
    auto* retired = new Retired;
    retain(box);
    retired->box = box;
    retired->next = std::exchange(frame->retired, retired);
  }
  frame->edited = true;
  frame->slots_[key.index] = nullptr;
  frame->bound &= static_cast<std::uint8_t>(~variable);
  if (frame->owned & variable) {
    frame->owned &= static_cast<std::uint8_t>(~variable);
    release(box);
  } else {
    // The box is borrowed: let go of the ancestors that keep it, but of nothing else they keep.
    std::uint8_t borrowed = frame->bound & static_cast<std::uint8_t>(~frame->owned);
    for_each_slot(borrowed, [&](int slot) { retain(frame->slots_[slot]); });
    frame->owned = frame->bound;
    unlink(frame);
    free_dying();
  }
}

}  // namespace contrail::inline v0::detail
