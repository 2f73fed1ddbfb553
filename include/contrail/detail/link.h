#pragma once

namespace contrail::inline v0::detail {

/// A link of a circular list, as is the list's end: null pointers while it is in none.
struct Link {
  Link* next = nullptr;
  Link* previous = nullptr;

  bool linked() const noexcept { return next != nullptr; }
  void insert_before(Link& other) noexcept {
    previous = other.previous;
    next = &other;
    other.previous->next = this;
    other.previous = this;
  }
  void unlink() noexcept {
    if (!next) return;
    previous->next = next;
    next->previous = previous;
    next = previous = nullptr;
  }
  /// Makes it the end of an empty list.
  void close() noexcept { next = previous = this; }
};

}  // namespace contrail::inline v0::detail
