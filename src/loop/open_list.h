#pragma once

#include "contrail/detail/link.h"

namespace contrail::inline v0::detail {

/// Something that libuv still knows about, so that the Loop can end it: a handle to close, or a
/// request to cancel.
class Open : Link {
 public:
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  /// The Loop is going: end now, call nobody.
  virtual void end() noexcept = 0;

 protected:
  Open() noexcept = default;
  virtual ~Open() { leave(); }

  void leave() noexcept { unlink(); }

 private:
  friend class OpenList;
};

/// All of them, in the order in which they were opened.
class OpenList {
 public:
  OpenList() noexcept { head_.close(); }
  OpenList(const OpenList&) = delete;
  OpenList& operator=(const OpenList&) = delete;
  /// What is still in it, if the process ends inside a callback, may leave later.
  ~OpenList() { head_.unlink(); }

  bool empty() const noexcept { return head_.next == &head_; }

  void add(Open& item) noexcept { item.insert_before(head_); }

  /// What ends leaves the list when libuv has let go of it, or at once; and it may take others with
  /// it that it owns.
  void end_all() noexcept {
    OpenList due;
    due.take(*this);
    while (!due.empty()) {
      Open& item = static_cast<Open&>(*due.head_.next);
      item.leave();
      add(item);
      item.end();
    }
  }

 private:
  void take(OpenList& other) noexcept {
    if (other.empty()) return;
    head_ = other.head_;
    head_.next->previous = head_.previous->next = &head_;
    other.head_.close();
  }

  Link head_;
};

}  // namespace contrail::inline v0::detail
