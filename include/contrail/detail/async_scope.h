#pragma once

#include <utility>

#include "contrail/detail/context_frame.h"
#include "contrail/detail/hot_line.h"
#include "contrail/detail/resource_notes.h"
#include "contrail/resource_types.h"

namespace contrail::inline v0::detail {

/// What it takes to enter a resource: everything a scope needs, nothing it could outlive. Copied on
/// every entry and looked into by hooks only, so taking it apart is left to them.
struct ScopeKey {
  /// In the low bits of the type: what follows are notes, which the details are part of.
  static constexpr std::uintptr_t noted = 4;
  static constexpr std::uintptr_t all_flags = 7;

  const ResourceType* type() const noexcept {
    return reinterpret_cast<const ResourceType*>(type_and_flags & ~all_flags);
  }
  ResourceNotes* notes() const noexcept {
    return (type_and_flags & noted) ? static_cast<ResourceNotes*>(details_or_notes) : nullptr;
  }
  const void* details() const noexcept {
    if (!(type_and_flags & noted)) return details_or_notes;
    return type() == &resource_types::promise ? nullptr : notes()->details;
  }
  /// For who may outlive the resource.
  void forget_resource() noexcept {
    type_and_flags &= ~all_flags;
    details_or_notes = nullptr;
  }

  AsyncId async_id = no_async_id;
  AsyncId trigger_async_id = no_async_id;
  std::uintptr_t type_and_flags = 0;
  void* details_or_notes = nullptr;
};

// Emitters: out of line, behind one test of hot.watched. Not [[gnu::cold]], which would optimise
// them for size: with a hook enabled they run for every event.
CONTRAIL_API void emit_init(const ResourceInfo& made, const ResourceType& type,
                            ResourceNotes* notes, ResourceNotes* cause);
CONTRAIL_API void emit_before(const ScopeKey& key) noexcept;
/// The same ahead of a change of context; returns the frame to return to, which hooks may change.
CONTRAIL_API ContextFrame* emit_before_leaving(const ScopeKey& key) noexcept;
CONTRAIL_API void emit_after(const ScopeKey& key) noexcept;
CONTRAIL_API void emit_promise_resolve(AsyncId id, ResourceNotes* notes) noexcept;
/// Notes for a resource that is about to be announced; nullptr if no hook wants any of it.
CONTRAIL_API ResourceNotes* new_notes(bool sampled) noexcept;
/// With id 0 nobody is told; the notes, which may be nullptr, end all the same.
CONTRAIL_API void queue_destroy(AsyncId id, bool promise, ResourceNotes* notes,
                                NotesEnd end) noexcept;

inline bool watched(Watch what) noexcept { return (hot.watched & what) != 0; }

/// One level of who is running: on the C++ stack, chained, so it unwinds with exceptions and
/// cannot be popped out of order.
class ScopeLink {
 public:
  explicit ScopeLink(const ScopeKey& key) noexcept : key_(key), outer_(hot.scope) {}
  ScopeLink(const ScopeLink&) = delete;
  ScopeLink& operator=(const ScopeLink&) = delete;

  const ScopeKey& key() const noexcept { return key_; }
  ScopeLink* outer() const noexcept { return outer_; }
  /// The resource died inside its own callback: hooks must not see its details any more. Its notes
  /// they do, until its destroy is told.
  void forget_details() noexcept {
    if (!key_.notes()) key_.details_or_notes = nullptr;
  }
  void forget_resource() noexcept { key_.forget_resource(); }

 private:
  ScopeKey key_;
  ScopeLink* outer_;
};

/// Makes a link the innermost one, for the length of a C++ scope. It is not the link itself: that
/// can be reached from elsewhere, while what is only to be put back here stays in registers.
class IdScope {
 public:
  explicit IdScope(ScopeLink& link) noexcept
      : outer_(std::exchange(hot.scope, &link)),
        outer_execution_id_(std::exchange(hot.execution_id, link.key().async_id)),
        outer_trigger_id_(std::exchange(hot.trigger_id, link.key().trigger_async_id)) {}
  IdScope(const IdScope&) = delete;
  IdScope& operator=(const IdScope&) = delete;
  ~IdScope() {
    hot.scope = outer_;
    hot.execution_id = outer_execution_id_;
    hot.trigger_id = outer_trigger_id_;
  }

 private:
  ScopeLink* outer_;
  AsyncId outer_execution_id_;
  AsyncId outer_trigger_id_;
};

/// Both in one object: who is running, but in the context as it is.
class LinkedIdScope : public ScopeLink, IdScope {
 public:
  explicit LinkedIdScope(const ScopeKey& key) noexcept
      : ScopeLink(key), IdScope(static_cast<ScopeLink&>(*this)) {}
};

/// Before anything is entered, so that nothing has to be undone if there is no memory for it.
struct FrameToReturnTo {
  ContextFrame* outer_frame = frame_to_return_to();
};

/// The one way into a resource.
///
/// A scope that is entered from user code (run_in_async_scope) switches the context inside its
/// before and after, so hooks see the caller's; see CallbackScope for entries from the loop.
class AsyncScope : FrameToReturnTo, IdScope {
 public:
  /// `frame` is borrowed and may be nullptr.
  AsyncScope(ScopeLink& link, ContextFrame* frame) : IdScope(link), link_(link) {
    if (frame) ++frame->refs;  // Ahead of `before`, in which a hook may destroy the resource.
    if (watched(watch_before)) [[unlikely]]
      outer_frame = emit_before_leaving(link.key());
    hot.frame = frame;
    frame_replaced(outer_frame);
  }
  ~AsyncScope() {
    ContextFrame* inner = std::exchange(hot.frame, outer_frame);
    hot.frame_is_fresh = false;
    frame_replaced(inner);
    if (inner) release(inner);
    if (watched(watch_after)) [[unlikely]]
      emit_after(link_.key());
  }

 private:
  ScopeLink& link_;
};

/// The same with the context switched outside before and after, so hooks see the callback's.
class CallbackFrameScope : FrameScope, LinkedIdScope {
 public:
  CallbackFrameScope(const ScopeKey& key, ContextFrame* frame) noexcept
      : FrameScope(frame), LinkedIdScope(key) {
    if (watched(watch_before)) [[unlikely]]
      emit_before(key);
  }
  ~CallbackFrameScope() {
    if (watched(watch_after)) [[unlikely]]
      emit_after(key());
  }
};

}  // namespace contrail::inline v0::detail
