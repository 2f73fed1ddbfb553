#include "src/async/context_loan.h"

#include "src/async/overflow.h"

namespace contrail::inline v0::detail {
namespace {

/// Of this thread, for boxes of others.
constinit thread_local std::size_t borrowed_boxes __attribute__((tls_model("initial-exec"))) = 0;

struct PooledLentBox final : LentBox, Pooled {};

/// A box of this thread's for one of another's. If that one is borrowed itself its own lender
/// stays for longer still.
Box* borrow(const Box* from) {
  const Box* lender = from->holder();
  if (!lender) return absent_box(from->variable()).detach();
  auto* box = new PooledLentBox;
  box->uid = from->variable() | Box::lent;
  box->lender = lender;
  box->destroy = [](Box* self) noexcept {
    delete static_cast<PooledLentBox*>(self);
    --borrowed_boxes;
  };
  ++borrowed_boxes;
  return box;
}

OverflowNode* borrow(const OverflowNode* from) {
  auto* node = new OverflowNode;
  node->height = from->height;
  for (std::uint32_t i = 0; i < OverflowNode::fan_out; ++i) {
    const void* child = from->children[i];
    if (!child) continue;
    if (from->height == 0) {
      node->children[i] = borrow(static_cast<const Box*>(child));
    } else {
      node->children[i] = borrow(static_cast<const OverflowNode*>(child));
    }
  }
  return node;
}

ContextFrame* borrow(const ContextFrame* from) {
  ContextFrame::Slots boxes{};
  for (std::uint32_t slot = 0; slot < ContextFrame::slots; ++slot) {
    if (from->slots_[slot]) boxes[slot] = borrow(from->slots_[slot]);
  }
  auto* frame = ::new (pool_allocate(sizeof(ContextFrame))) ContextFrame(boxes);
  frame->bound = frame->owned = from->bound;
  if (from->overflow) frame->overflow = borrow(from->overflow);
  return frame;
}

}  // namespace

ContextFrame* ContextLoan::copy_of(ContextFrame* frame) { return clone_frame(frame); }

BorrowedContext::BorrowedContext(const ContextLoan& loan)
    : outer_(hot.frame), outer_is_fresh_(hot.frame_is_fresh), outer_boxes_(borrowed_boxes) {
  const ContextFrame* lent = loan.frame_.get();
  hot.frame = lent ? borrow(lent) : nullptr;
  hot.frame_is_fresh = false;
}

BorrowedContext::~BorrowedContext() {
  ContextFrame* inner = std::exchange(hot.frame, outer_);
  hot.frame_is_fresh = outer_is_fresh_;
  if (inner) release(inner);
  if (borrowed_boxes != outer_boxes_) {
    die("contrail: what queue_work() ran has kept a context, such as a Snapshot, beyond its end");
  }
}

}  // namespace contrail::inline v0::detail
