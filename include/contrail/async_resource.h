#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "contrail/detail/async_scope.h"
#include "contrail/resource_info.h"
#include "contrail/resource_types.h"

namespace contrail::inline v0 {

class AsyncResource;

struct ResourceOptions {
  /// Defaults to execution_async_id(): whoever is running now. As in Node, any id up to 2^53 - 1
  /// and unassigned_async_id (Node's -1) are accepted; others throw std::out_of_range.
  std::optional<AsyncId> trigger_async_id = {};
  /// The same, as the resource itself, which need not outlive this one: tracers can then follow
  /// the chain of causes. Takes precedence.
  const AsyncResource* trigger = nullptr;
  /// Handed to hooks as ResourceInfo::details. Must outlive the resource.
  AnyRef details = {};
  /// The destructor then emits no `destroy`; only emit_destroy() does.
  bool require_manual_destroy = false;
};

namespace detail {

/// The kind of this name on this thread's Loop.
CONTRAIL_API const ResourceType& intern_type(std::string_view name);

/// What a scope needs, in a form that can be kept: ids, type and a share of the context.
struct KeptScope {
  ScopeKey key;
  FrameRef frame;

  template <class F, class... Args>
  decltype(auto) run(F&& fn, Args&&... args) const {
    ScopeLink link(key);
    AsyncScope scope(link, frame.get());
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }
};

}  // namespace detail

/// One asynchronous operation, or one source of them, made visible to hooks.
///
/// Creating it captures who started it (the trigger) and the current context; running a function
/// in its scope restores both around the call. This is all contrail's own sockets, files and
/// timers use, so anything you build on it is their equal:
///
///     class Query {
///      public:
///       struct Details { std::string sql; };
///       void on_row(Row row) { resource_.run_in_async_scope(callback_, std::move(row)); }
///
///      private:
///       Function<void(Row)> callback_;
///       Details details_;
///       AsyncResource resource_{"DbQuery", {.details = AnyRef::to(details_)}};  // declared last
///     };
///
/// Needs a Loop on this thread to be made; stays on that thread, and so do functions bound to it.
/// Running it on a thread that never had a Loop ends the process with a sentence; on one with a
/// Loop of its own nobody notices, and ids, context and hooks are then wrong. Destroying it emits
/// `destroy`, unless emit_destroy() already did. Using one that was moved from ends the process
/// with a sentence that says so; destroying or assigning to it is fine.
class CONTRAIL_API AsyncResource {
 public:
  /// Emits `init`. The name is copied once, and stays. Throws
  /// std::invalid_argument if it is empty while a hook listens to `init` (Node's rule).
  explicit AsyncResource(std::string_view type, CreationSite site = CreationSite::current())
      : AsyncResource(detail::intern_type(type), site) {}
  AsyncResource(std::string_view type, ResourceOptions options,
                CreationSite site = CreationSite::current());

  /// The same for a kind declared ahead: nothing is looked up.
  explicit AsyncResource(const ResourceType& type, CreationSite site = CreationSite::current())
      : AsyncResource(type, nullptr, detail::hot.execution_id, site) {}
  /// `details` must be of the type that `type` names, and outlive the resource.
  AsyncResource(const ResourceType& type, AnyRef details,
                CreationSite site = CreationSite::current())
      : AsyncResource(type, details.object(), detail::hot.execution_id, site) {}
  AsyncResource(const ResourceType& type, ResourceOptions options,
                CreationSite site = CreationSite::current());

  AsyncResource(AsyncResource&& other) noexcept
      : id_(std::exchange(other.id_, no_async_id)),
        trigger_(other.trigger_),
        type_and_flags_(other.type_and_flags_),
        details_(std::exchange(other.details_, nullptr)),
        site_(other.site_),
        frame_(std::exchange(other.frame_, nullptr)) {}
  AsyncResource& operator=(AsyncResource&& other) noexcept {
    if (this != &other) {
      this->~AsyncResource();
      ::new (this) AsyncResource(std::move(other));
    }
    return *this;
  }

  ~AsyncResource() {
    if (id_ == no_async_id) return;
    if (details_) forget_details();
    const bool told =
        detail::watched(detail::watch_destroy) && !(type_and_flags_ & (manual | destroyed));
    if (told || (type_and_flags_ & noted)) [[unlikely]] {
      detail::queue_destroy(told ? id_ : no_async_id, false, notes(), detail::NotesEnd::here);
    }
    if (frame_) detail::release(frame_);
  }

  AsyncId async_id() const noexcept { return id_; }
  AsyncId trigger_async_id() const noexcept { return trigger_; }
  std::string_view type() const noexcept { return resource_type().name; }
  CreationSite creation_site() const noexcept { return site_; }

  /// Calls fn as this resource: `before`, fn, `after`, with the captured context in place, and
  /// returns what fn returns. An exception passes through, after `after`. fn may destroy or move
  /// this resource.
  template <class F, class... Args>
  decltype(auto) run_in_async_scope(F&& fn, Args&&... args) {
    detail::ScopeLink link(scope_key());
    detail::AsyncScope scope(link, frame_);
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// A callable that runs fn in this resource's scope. It keeps a share of the context, not the
  /// resource: it may outlive it.
  template <class F>
  auto bind(F fn) const {
    detail::KeptScope kept{scope_key(), detail::FrameRef::share(frame_)};
    kept.key.forget_resource();
    return [kept = std::move(kept), fn = std::move(fn)](auto&&... args) mutable -> decltype(auto) {
      return kept.run(fn, std::forward<decltype(args)>(args)...);
    };
  }

  /// A callable that runs fn as a new resource born here and now, wherever it is called from.
  /// Node's name for one without a name of its own is resource_types::bound_function.
  template <class F>
  static auto bind(F fn, std::string_view type, CreationSite site = CreationSite::current()) {
    return bound(std::move(fn), AsyncResource(type, site));
  }
  template <class F>
  static auto bind(F fn, const ResourceType& type, CreationSite site = CreationSite::current()) {
    return bound(std::move(fn), AsyncResource(type, site));
  }

  /// Emits `destroy` ahead of the destructor. As in Node, a second call emits it a second time,
  /// and the scope may still be run afterwards.
  AsyncResource& emit_destroy() noexcept {
    type_and_flags_ |= destroyed;
    if (detail::watched(detail::watch_destroy)) [[unlikely]]
      detail::queue_destroy(id_, false, notes(), detail::NotesEnd::later);
    return *this;
  }

  /// Lets go of the captured context: for pooled objects and whatever waits to be used again.
  /// Later scopes run with no context.
  void release_context() noexcept {
    if (frame_) detail::release(std::exchange(frame_, nullptr));
  }

  /// Of one that has ended: begins as a new resource of the same kind, by whoever runs now, in the
  /// context given. For what can be started again; a hook that hears of it may end it at once.
  void begin_again(detail::FrameRef context);

  /// For contrail's own entries from the loop.
  detail::ScopeKey scope_key() const noexcept {
    if (id_ == no_async_id) [[unlikely]]
      detail::die_moved_from("AsyncResource");
    return {id_, trigger_, type_and_flags_, details_};
  }
  detail::ContextFrame* context_frame() const noexcept { return frame_; }

 private:
  enum Flags : std::uintptr_t {
    manual = 1,
    destroyed = 2,
    noted = detail::ScopeKey::noted,
    all_flags = detail::ScopeKey::all_flags
  };

  AsyncResource(const ResourceType& type, const void* details, AsyncId trigger, CreationSite site,
                std::uintptr_t flags = 0, const AsyncResource* cause = nullptr)
      : id_(++detail::hot.last_id),
        trigger_(trigger),
        type_and_flags_(reinterpret_cast<std::uintptr_t>(&type) | flags),
        details_(const_cast<void*>(details)),
        site_(site),
        frame_(detail::capture_frame()) {
    if (detail::watched(detail::watch_init)) [[unlikely]]
      announce(cause);
  }

  template <class F>
  static auto bound(F fn, AsyncResource resource) {
    return [resource = std::move(resource),
            fn = std::move(fn)](auto&&... args) mutable -> decltype(auto) {
      return resource.run_in_async_scope(fn, std::forward<decltype(args)>(args)...);
    };
  }

  const ResourceType& resource_type() const noexcept {
    return *reinterpret_cast<const ResourceType*>(type_and_flags_ & ~std::uintptr_t{all_flags});
  }
  detail::ResourceNotes* notes() const noexcept {
    return (type_and_flags_ & noted) ? static_cast<detail::ResourceNotes*>(details_) : nullptr;
  }
  void announce(const AsyncResource* cause);
  [[gnu::cold]] void forget_details() noexcept;

  AsyncId id_;
  AsyncId trigger_;
  std::uintptr_t type_and_flags_;
  void* details_;  ///< Or, where it is `noted`, notes that hold them.
  CreationSite site_;
  detail::ContextFrame* frame_;
};

}  // namespace contrail::inline v0
