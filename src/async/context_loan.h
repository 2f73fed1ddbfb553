#pragma once

#include "contrail/detail/context_frame.h"

namespace contrail::inline v0::detail {

/// A context that one other thread may read for a while. Made and destroyed on the thread of the
/// context, which meanwhile does as it likes with its own, disable() included: this is a frame of
/// its own, and everything reachable from it stays as it is.
class ContextLoan {
 public:
  /// `frame` may be nullptr: nothing is lent, and nothing made.
  explicit ContextLoan(ContextFrame* frame)
      : frame_(FrameRef::adopt(frame ? copy_of(frame) : nullptr)) {}

 private:
  friend class BorrowedContext;
  CONTRAIL_API static ContextFrame* copy_of(ContextFrame* frame);
  FrameRef frame_;
};

/// Makes a lent context the current one of another thread, for the length of a C++ scope.
///
/// What becomes current is a frame of this thread's: its boxes stand for those that are lent, and
/// only they are counted here. So everything works as on a loop's thread, run() and enter_with()
/// too, and no count of the lender's is touched. What must not be is that such a context is kept
/// for longer, by a Snapshot, say: that ends the process with a sentence.
class BorrowedContext {
 public:
  CONTRAIL_API explicit BorrowedContext(const ContextLoan& loan);
  BorrowedContext(const BorrowedContext&) = delete;
  BorrowedContext& operator=(const BorrowedContext&) = delete;
  CONTRAIL_API ~BorrowedContext();

 private:
  ContextFrame* outer_;
  bool outer_is_fresh_;
  std::size_t outer_boxes_;
};

}  // namespace contrail::inline v0::detail
