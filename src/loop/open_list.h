#pragma once

namespace contrail::inline v0::detail {

/// Something that libuv still knows about, so that the Loop can end it: a handle to close, or a
/// request to cancel.
class Open {
 public:
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

  /// The Loop is going: end now, call nobody.
  virtual void end() noexcept = 0;

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
    OpenList due;
    due.take(*this);
    while (!due.empty()) {
      Open& item = *due.head_.next_;
      item.leave();
      add(item);
      item.end();
    }
  }

 private:
  struct Head final : Open {
    void end() noexcept override {}
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
