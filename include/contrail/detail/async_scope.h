#pragma once

#include <utility>

#include "contrail/detail/context_frame.h"
#include "contrail/detail/hot_line.h"

namespace contrail::inline v0::detail {

/// What it takes to enter a resource: everything a scope needs, nothing it could outlive.
struct ScopeKey {
  AsyncId async_id = no_async_id;
  AsyncId trigger_async_id = no_async_id;
  const ResourceType* type = nullptr;
  const void* details = nullptr;
};

// Emitters: out of line and cold, behind one test of hot.watched.
[[gnu::cold]] CONTRAIL_API void emit_init(const ScopeKey& key);
[[gnu::cold]] CONTRAIL_API void emit_before(const ScopeKey& key) noexcept;
[[gnu::cold]] CONTRAIL_API void emit_after(const ScopeKey& key) noexcept;
[[gnu::cold]] CONTRAIL_API void emit_promise_resolve(const ScopeKey& key) noexcept;
[[gnu::cold]] CONTRAIL_API void queue_destroy(AsyncId id, bool promise = false) noexcept;

inline bool watched(Watch what) noexcept { return (hot.watched & what) != 0; }

/// One level of who is running: on the C++ stack, chained, so it unwinds with exceptions and
/// cannot be popped out of order.
class ScopeLink {
 public:
  ScopeLink(const ScopeLink&) = delete;
  ScopeLink& operator=(const ScopeLink&) = delete;

  const ScopeKey& key() const noexcept { return key_; }
  ScopeLink* outer() const noexcept { return outer_; }
  /// The resource died inside its own callback: hooks must not see its details any more.
  void forget_details() noexcept { key_.details = nullptr; }

 protected:
  explicit ScopeLink(const ScopeKey& key) noexcept
      : key_(key),
        outer_(std::exchange(hot.scope, this)),
        outer_execution_id_(std::exchange(hot.execution_id, key.async_id)),
        outer_trigger_id_(std::exchange(hot.trigger_id, key.trigger_async_id)) {}

  ~ScopeLink() {
    hot.scope = outer_;
    hot.execution_id = outer_execution_id_;
    hot.trigger_id = outer_trigger_id_;
  }

 private:
  ScopeKey key_;
  ScopeLink* outer_;
  AsyncId outer_execution_id_;
  AsyncId outer_trigger_id_;
};

/// The one way into a resource.
///
/// A scope that is entered from user code (run_in_async_scope) switches the context inside its
/// before and after, so hooks see the caller's; see CallbackScope for entries from the loop.
class AsyncScope : ScopeLink {
 public:
  /// `frame` is borrowed and may be nullptr.
  AsyncScope(const ScopeKey& key, ContextFrame* frame) noexcept : ScopeLink(key) {
    if (watched(watch_before)) [[unlikely]] emit_before(key);
    enter(frame);
  }
  ~AsyncScope() {
    leave();
    if (watched(watch_after)) [[unlikely]] emit_after(key());
  }

 private:
  void enter(ContextFrame* frame) noexcept {
    outer_frame_is_fresh_ = hot.frame_is_fresh;
    hot.frame_is_fresh = false;
    if (frame) ++frame->refs;
    outer_frame_ = std::exchange(hot.frame, frame);
  }
  void leave() noexcept {
    ContextFrame* inner = std::exchange(hot.frame, outer_frame_);
    hot.frame_is_fresh = outer_frame_is_fresh_;
    if (inner) release(inner);
  }

  ContextFrame* outer_frame_;
  bool outer_frame_is_fresh_;
};

/// The same with the context switched outside before and after, so hooks see the callback's.
class CallbackFrameScope : FrameScope, ScopeLink {
 public:
  CallbackFrameScope(const ScopeKey& key, ContextFrame* frame) noexcept
      : FrameScope(frame), ScopeLink(key) {
    if (watched(watch_before)) [[unlikely]] emit_before(key);
  }
  ~CallbackFrameScope() {
    if (watched(watch_after)) [[unlikely]] emit_after(key());
  }
};

}  // namespace contrail::inline v0::detail
