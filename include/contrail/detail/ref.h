#pragma once

#include <utility>

namespace contrail::inline v0::detail {

/// A counted pointer to something that counts itself: retain(T*) and release(T*) are found by
/// argument-dependent lookup. Counts are plain integers: everything stays on its loop's thread.
template <class T>
class Ref {
 public:
  Ref() noexcept = default;
  /// Takes over a reference that the caller owns.
  static Ref adopt(T* object) noexcept { return Ref(object); }
  /// Adds a reference to something that somebody else owns.
  static Ref share(T* object) noexcept {
    if (object) retain(object);
    return Ref(object);
  }

  Ref(const Ref& other) noexcept : object_(other.object_) {
    if (object_) retain(object_);
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_) release(object_);
  }

  T* get() const noexcept { return object_; }
  T* operator->() const noexcept { return object_; }
  T& operator*() const noexcept { return *object_; }
  explicit operator bool() const noexcept { return object_ != nullptr; }
  T* detach() noexcept { return std::exchange(object_, nullptr); }
  friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.object_ == b.object_; }

 private:
  explicit Ref(T* object) noexcept : object_(object) {}
  T* object_ = nullptr;
};

}  // namespace contrail::inline v0::detail
