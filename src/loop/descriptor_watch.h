#pragma once

namespace contrail::inline v0::detail {

/// Somebody who has run out of descriptors, and waits until there may be one again: a handle of
/// this thread's has been closed.
class DescriptorWatch {
 public:
  DescriptorWatch(const DescriptorWatch&) = delete;
  DescriptorWatch& operator=(const DescriptorWatch&) = delete;

  /// Asks those who wait to try again; they wait anew if that does not help.
  static void came_back() noexcept {
    DescriptorWatch* all = first_;
    first_ = nullptr;
    while (all) {
      DescriptorWatch& next = *all;
      all = next.next_;
      next.waiting_ = false;
      next.descriptor_came_back();
    }
  }

 protected:
  DescriptorWatch() noexcept = default;
  virtual ~DescriptorWatch() { forget(); }

  void watch() noexcept {
    if (waiting_) return;
    waiting_ = true;
    next_ = first_;
    first_ = this;
  }
  void forget() noexcept {
    if (!waiting_) return;
    waiting_ = false;
    DescriptorWatch** place = &first_;
    while (*place != this) place = &(*place)->next_;
    *place = next_;
  }

  /// Forgets and destroys nobody else.
  virtual void descriptor_came_back() noexcept = 0;

 private:
  static inline constinit thread_local DescriptorWatch* first_ = nullptr;

  DescriptorWatch* next_ = nullptr;
  bool waiting_ = false;
};

}  // namespace contrail::inline v0::detail
