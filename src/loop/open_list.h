#pragma once

#include <uv.h>

#include "contrail/async_resource.h"
#include "contrail/detail/link.h"

namespace contrail::inline v0::detail {

/// Something that libuv still knows about, so that the Loop can end it: a handle to close, or a
/// request to cancel.
class Open : Link {
 public:
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  /// End now. A Loop that goes calls nobody; otherwise whoever waits is told.
  virtual void end() noexcept = 0;
  /// What hooks know it as; nullptr if they do not yet.
  virtual const AsyncResource* about() const noexcept = 0;
  /// Whether it is a reason for Loop::run() not to return.
  virtual bool keeps_loop() const noexcept = 0;
  /// libuv's handle, if it has one.
  virtual const uv_handle_t* uv_handle() const noexcept { return nullptr; }
  /// It would be, if it had something to do.
  virtual bool wants_loop() const noexcept { return keeps_loop(); }
  /// Of servers: what is there already goes on.
  virtual void stop_accepting() noexcept {}

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
    each([](Open& item) { item.end(); });
  }

  /// Calls fn with each that is there now, unless another one has made it go.
  template <class F>
  void each(F fn) {
    OpenList due;
    due.take(*this);
    while (!due.empty()) {
      Open& item = static_cast<Open&>(*due.head_.next);
      item.leave();
      add(item);
      fn(item);
    }
  }

  /// The same; fn changes nothing.
  template <class F>
  void each_now(F fn) const {
    for (const Link* item = head_.next; item != &head_; item = item->next) {
      fn(static_cast<const Open&>(*item));
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
