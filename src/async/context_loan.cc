#include "src/async/context_loan.h"

#include "src/async/lent_frame.h"

namespace contrail::inline v0::detail {
namespace {

/// Of this thread, for boxes of others.
constinit thread_local std::size_t borrowed_boxes __attribute__((tls_model("initial-exec"))) = 0;

/// A box that has to be gone when the loan is.
struct CountedLentBox final : LentBox, Pooled {};

Box* lend(const Box* lender, const Box* from) {
  auto* box = new CountedLentBox;
  box->uid = from->variable() | Box::lent;
  box->lender = lender;
  box->destroy = [](Box* self) noexcept {
    delete static_cast<CountedLentBox*>(self);
    --borrowed_boxes;
  };
  ++borrowed_boxes;
  return box;
}

}  // namespace

ContextFrame* ContextLoan::copy_of(ContextFrame* frame) { return clone_frame(frame); }

BorrowedContext::BorrowedContext(const ContextLoan& loan)
    : outer_(hot.frame), outer_is_fresh_(hot.frame_is_fresh), outer_boxes_(borrowed_boxes) {
  const ContextFrame* lent = loan.frame_.get();
  hot.frame = lent ? lent_frame(lent, lend) : nullptr;
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
