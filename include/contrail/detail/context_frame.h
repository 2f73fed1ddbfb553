#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "contrail/detail/hot_line.h"
#include "contrail/detail/pool.h"
#include "contrail/detail/ref.h"
#include "contrail/detail/variable_key.h"

namespace contrail::inline v0::detail {

/// One bound value. Shared by every frame in which it is visible, owned by those that say so.
struct Box {
  /// Marks an entry that holds nothing, which is not the same as no entry: it hides the default.
  static constexpr std::uint32_t absent = VariableKey::uids;
  /// Marks a LentBox: the value is in another one.
  static constexpr std::uint32_t lent = absent << 1;

  std::uint32_t variable() const noexcept { return uid & (VariableKey::uids - 1); }
  /// Where the value is; nullptr if there is none.
  inline const Box* holder() const noexcept;

  std::uint32_t refs = 1;
  std::uint32_t uid;  ///< Of the variable; never reused, so a stale box is never misread.
  void (*destroy)(Box*) noexcept;
};

template <class T>
struct BoxOf : Box, Pooled {
  T value;

  template <class... Args>
  explicit BoxOf(std::uint32_t variable_uid, Args&&... args)
      : Box{1, variable_uid, [](Box* box) noexcept { delete static_cast<BoxOf*>(box); }},
        value(std::forward<Args>(args)...) {}
};

/// What stands for a box of another thread's, which that thread keeps meanwhile: counted here, so
/// that the other's count is left alone. See ContextLoan.
struct LentBox : Box {
  const Box* lender;
};

inline const Box* Box::holder() const noexcept {
  if (uid < absent) [[likely]]
    return this;
  return (uid & lent) != 0 ? static_cast<const LentBox*>(this)->lender : nullptr;
}

inline void retain(Box* box) noexcept { ++box->refs; }
inline void release(Box* box) noexcept {
  if (--box->refs == 0) box->destroy(box);
}

/// An entry that holds nothing.
CONTRAIL_API Ref<Box> absent_box(std::uint32_t uid);

struct OverflowNode;

/// All context values at one moment; immutable but for disable(). nullptr is the context of a
/// program that never set a variable, which therefore never allocates or counts anything.
///
/// The first eight variables have slots, the rest live in a persistent radix tree. A new frame
/// copies its parent's slots and holds on to the parent rather than to each box, except where
/// that would keep alive a value it cannot see:
///
///   ADD      the variable is new: link to the parent, own the new box;
///   REBIND   the parent only added this variable: link to the grandparent, own the new box;
///   FLATTEN  otherwise: no link, own every box.
///
/// So a frame keeps alive exactly the values it can see, and a chain is no longer than the number
/// of distinct variables. Counts are plain: a frame belongs to one thread.
class ContextFrame {
 public:
  static constexpr std::uint32_t slots = 8;
  using Slots = std::array<Box*, slots>;

  explicit ContextFrame(const Slots& boxes = {}) noexcept : slots_(boxes) {}

  /// The box of a variable, or nullptr. It may be stale: compare its uid.
  Box* find(std::uint32_t index) const noexcept {
    return index < slots ? slots_[index] : find_overflow(index);
  }

  std::uint32_t refs = 1;          ///< Captures, and being current.
  std::uint32_t links = 0;         ///< Frames that borrow boxes through this one.
  std::uint8_t bound = 0;          ///< Slots in use.
  std::uint8_t owned = 0;          ///< Slots whose box this frame counts.
  bool edited = false;             ///< disable() was here.
  bool queued = false;             ///< Among the dying, although frames still borrow through it.
  bool sampled = false;            ///< So is what derives from it: see run_sampled().
  ContextFrame* parent = nullptr;  ///< Counted in its links.
  OverflowNode* overflow = nullptr;
  struct Retired* retired = nullptr;  ///< Boxes disabled here that derived frames still borrow.
  ContextFrame* next_dying = nullptr;
  Slots slots_;

 private:
  CONTRAIL_API Box* find_overflow(std::uint32_t index) const noexcept;
};

/// Frees the frame and whatever only it kept alive, without recursion. Of a frame that others
/// borrow through, its overflow: they have their own.
CONTRAIL_API void free_frame(ContextFrame* frame) noexcept;

inline void retain(ContextFrame* frame) noexcept { ++frame->refs; }
inline void release(ContextFrame* frame) noexcept {
  if (--frame->refs == 0 && (frame->links == 0 || frame->overflow)) free_frame(frame);
}

using FrameRef = Ref<ContextFrame>;

/// `from` (which may be nullptr) with one variable bound to box, a counted reference taken over.
/// Not a Ref, which would travel through memory: this is most of run().
CONTRAIL_API ContextFrame* frame_with(ContextFrame* from, std::uint32_t index, Box* box);
/// `from` without the variable; never nullptr.
CONTRAIL_API ContextFrame* frame_without(ContextFrame* from, std::uint32_t index);
/// A frame of the same content, which disable() in the other does not change.
ContextFrame* clone_frame(ContextFrame* from);
/// Replaces a fresh current frame by a copy of its own, and returns it.
CONTRAIL_API ContextFrame* separate_frame();
/// `from` (which may be nullptr), marked as sampled.
CONTRAIL_API ContextFrame* sampled_frame(ContextFrame* from);
/// A frame with nothing in it: what is left after the first run() has returned.
CONTRAIL_API ContextFrame* empty_frame();
/// Takes the variable out of the current frame object itself. If it throws, nothing has changed.
CONTRAIL_API void disable_in_frame(VariableKey key);

/// The entry of a variable in the current context, or nullptr. What a dead variable left at the
/// same index is not it.
inline Box* find_box(VariableKey key) noexcept {
  Box* box = hot.frame ? hot.frame->find(key.index) : nullptr;
  return box && box->variable() == key.uid ? box : nullptr;
}

/// The current context, to keep; nullptr if there is none.
inline ContextFrame* capture_frame() {
  ContextFrame* frame = hot.frame;
  if (frame) {
    if (hot.frame_is_fresh) [[unlikely]]
      frame = separate_frame();
    ++frame->refs;
  }
  return frame;
}

/// To be called when the current frame has become another one than `left`, which may be gone.
inline void frame_replaced(const ContextFrame* left) noexcept {
  if ((hot.watched & watch_context) && hot.frame != left) [[unlikely]]
    emit_context_switch();
}

/// Makes `frame` (a counted reference) current.
inline void replace_frame(ContextFrame* frame) noexcept {
  ContextFrame* old = std::exchange(hot.frame, frame);
  hot.frame_is_fresh = false;
  frame_replaced(old);
  if (old) release(old);
}

/// The current frame, which a scope is about to leave for a while. Inside, somebody may enter the
/// same object, where it is not fresh, and disable() in it; what comes back must not notice.
inline ContextFrame* frame_to_return_to() {
  if (hot.frame_is_fresh) [[unlikely]]
    return separate_frame();
  return hot.frame;
}

/// Makes a frame current for the length of a C++ scope, then puts back exactly what was.
class FrameScope {
 public:
  /// `frame` is borrowed and may be nullptr.
  explicit FrameScope(ContextFrame* frame) : previous_(frame_to_return_to()) {
    if (frame) ++frame->refs;
    hot.frame = frame;
    frame_replaced(previous_);
  }
  FrameScope(const FrameScope&) = delete;
  FrameScope& operator=(const FrameScope&) = delete;
  ~FrameScope() {
    ContextFrame* inner = std::exchange(hot.frame, previous_);
    hot.frame_is_fresh = false;
    frame_replaced(inner);
    if (inner) release(inner);
  }

 private:
  ContextFrame* previous_;
};

}  // namespace contrail::inline v0::detail
