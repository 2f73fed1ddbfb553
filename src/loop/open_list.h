#pragma once

#include "contrail/async_resource.h"

namespace contrail::inline v0::detail {

/// Something that libuv still knows about, so that the Loop can end it: a handle to close, or a
/// request to cancel.
class Open {
 public:
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  /// End now. A Loop that goes calls nobody; otherwise whoever waits is told.
  virtual void end() noexcept = 0;
  /// What hooks know it as; nullptr if they do not yet.
  virtual const AsyncResource* about() const noexcept = 0;
  /// Whether it is a reason for Loop::run() not to return.
  virtual bool keeps_loop() const noexcept = 0;
  /// Of servers: what is there already goes on.
  virtual void stop_accepting() noexcept {}

 protected:
  Open() noexcept = default;
  virtual ~Open() { leave(); }

  void leave() noexcept {
    if (!next_) return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

 private:
  friend class OpenList;
  Open* next_ = nullptr;
  Open* previous_ = nullptr;
};

/// All of them, in the order in which they were opened.
class OpenList {
 public:
  OpenList() noexcept { head_.next_ = head_.previous_ = &head_; }
  OpenList(const OpenList&) = delete;
  OpenList& operator=(const OpenList&) = delete;

  bool empty() const noexcept { return head_.next_ == &head_; }

  void add(Open& item) noexcept {
    item.previous_ = head_.previous_;
    item.next_ = &head_;
    head_.previous_->next_ = &item;
    head_.previous_ = &item;
  }

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
      Open& item = *due.head_.next_;
      item.leave();
      add(item);
      fn(item);
    }
  }

  /// The same; fn changes nothing.
  template <class F>
  void each_now(F fn) const {
    for (const Open* item = head_.next_; item != &head_; item = item->next_) fn(*item);
  }

 private:
  struct Head final : Open {
    void end() noexcept override {}
    const AsyncResource* about() const noexcept override { return nullptr; }
    bool keeps_loop() const noexcept override { return false; }
  };

  void take(OpenList& other) noexcept {
    if (other.empty()) return;
    head_.next_ = other.head_.next_;
    head_.previous_ = other.head_.previous_;
    head_.next_->previous_ = head_.previous_->next_ = &head_;
    other.head_.next_ = other.head_.previous_ = &other.head_;
  }

  Head head_;
};

}  // namespace contrail::inline v0::detail
