#pragma once

#include <cmath>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "contrail/async_context.h"
#include "contrail/async_resource.h"

namespace contrail::inline v0 {

namespace detail {

/// Whether JavaScript's Object.is() would hold: values without identity are compared, NaN equals
/// NaN, and 0.0 differs from -0.0; pointers are compared by address; each other object is itself
/// only.
template <class T>
bool is_identical(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    return a == b && std::signbit(a) == std::signbit(b);
  } else if constexpr (std::is_scalar_v<T>) {
    return a == b;
  } else {
    return false;
  }
}
inline bool is_identical(const std::string& a, const std::string& b) { return a == b; }
inline bool is_identical(std::string_view a, std::string_view b) { return a == b; }
template <class T>
bool is_identical(const std::shared_ptr<T>& a, const std::shared_ptr<T>& b) {
  return a == b;
}
template <class T>
bool is_identical(const std::optional<T>& a, const std::optional<T>& b) {
  return a.has_value() == b.has_value() && (!a || is_identical(*a, *b));
}

/// What a storage held before run() or a StorageScope: to be entered again.
class PriorEntry {
 public:
  explicit PriorEntry(VariableKey key) noexcept : key_(key), box_(Ref<Box>::share(find_box(key))) {}
  VariableKey key() const noexcept { return key_; }
  const Box* box() const noexcept { return box_.get(); }
  /// As Node does it: into a new frame, beside what other storages hold by now. The storage may be
  /// dead, and its place another one's.
  void enter() const {
    const Box* now = hot.frame ? hot.frame->find(key_.index) : nullptr;
    if (now && now->variable() != key_.uid) return;
    replace_frame(box_ ? frame_with(hot.frame, key_.index, Ref<Box>(box_).detach())
                       : frame_without(hot.frame, key_.index));
  }

 private:
  VariableKey key_;
  Ref<Box> box_;
};

/// run(): enters a frame, and at the end the prior value. Where nobody touched the context in
/// between that is the prior frame, taken for a fresh copy of itself.
class RunScope {
 public:
  RunScope(PriorEntry prior, Ref<Box> box)
      : prior_(std::move(prior)),
        outer_(frame_to_copy_later()),
        mine_(frame_with(outer_, prior_.key().index, box.detach())) {
    hot.frame = mine_;
    hot.frame_is_fresh = false;
    ++mine_->refs;  // Being current, and this scope.
    frame_replaced(outer_);
  }
  RunScope(const RunScope&) = delete;
  RunScope& operator=(const RunScope&) = delete;
  ~RunScope() {
    if (untouched()) [[likely]] {
      hot.frame = outer_;
      hot.frame_is_fresh = true;
      --mine_->refs;
      frame_replaced(mine_);
    } else {
      prior_.enter();
      release(outer_);
    }
    release(mine_);
  }

 private:
  /// disable() may have reached the outer frame too, through a resource that was made in it.
  bool untouched() const noexcept {
    return hot.frame == mine_ && !mine_->edited && !outer_->edited;
  }
  /// Never nullptr: the end must not need memory.
  static ContextFrame* frame_to_copy_later() {
    if (!hot.frame) [[unlikely]]
      hot.frame = empty_frame();
    return hot.frame;
  }

  PriorEntry prior_;
  ContextFrame* outer_;
  ContextFrame* mine_;
};

}  // namespace detail

/// Sets a store for the rest of a C++ scope: see AsyncLocalStorage::with_scope().
class StorageScope {
 public:
  StorageScope(StorageScope&& other) noexcept : prior_(std::exchange(other.prior_, std::nullopt)) {}
  StorageScope& operator=(StorageScope&&) = delete;
  ~StorageScope() { dispose(); }

  /// Enters again what the storage held before. Later calls do nothing.
  void dispose() {
    if (auto prior = std::exchange(prior_, std::nullopt)) prior->enter();
  }

 private:
  template <class T>
  friend class AsyncLocalStorage;
  explicit StorageScope(detail::VariableKey key) : prior_(key) {}
  std::optional<detail::PriorEntry> prior_;
};

/// What AsyncLocalStorage::snapshot() returns: call it, or run(), with a function. It is a
/// resource of its own, as in Node.
class StorageSnapshot {
 public:
  /// Calls fn(args...) in the context of the moment of the snapshot.
  template <class F, class... Args>
  decltype(auto) run(F&& fn, Args&&... args) {
    return resource_.run_in_async_scope(std::forward<F>(fn), std::forward<Args>(args)...);
  }
  template <class F, class... Args>
  decltype(auto) operator()(F&& fn, Args&&... args) {
    return run(std::forward<F>(fn), std::forward<Args>(args)...);
  }

  explicit StorageSnapshot(CreationSite site = CreationSite::current())
      : resource_(resource_types::bound_function, site) {}

 private:
  AsyncResource resource_;
};

/// Node's AsyncLocalStorage: a store that stays with a request through everything it causes.
///
///     AsyncLocalStorage<RequestId> request;
///     request.run(RequestId{7}, [] { set_timeout([] { log(request.get_store()->value); }); });
///
/// Works whether or not any AsyncHook is enabled, and costs nothing until the first run(). Where
/// Node says undefined, get_store() is nullptr. Needs no Loop to be made, read or run; a storage
/// may die before the contexts that hold its stores. See async_context::Variable for threads.
template <class T>
class AsyncLocalStorage : private async_context::Variable<T> {
  using Variable = async_context::Variable<T>;

 public:
  using Options = async_context::VariableOptions;

  explicit AsyncLocalStorage(Options options = {}) : Variable(std::move(options)) {}
  /// get_store() answers default_value wherever nothing was entered.
  AsyncLocalStorage(Options options, T default_value)
      : Variable(std::move(options), std::move(default_value)) {}
  using Variable::name;

  /// The store of the current context; else the default value; else nullptr. Valid until the
  /// context changes: do not hold it across a co_await.
  const T* get_store() const noexcept { return Variable::get(); }

  /// Calls fn(args...) with the store set, returns what it returns, and enters the prior store
  /// again, even if fn throws. Node's rule: if the store is identical to the current one (equal
  /// numbers or strings, the same pointer) fn is simply called, so that an enter_with() inside
  /// outlives run(); and of what fn entered, only this storage is put back.
  template <class F, class... Args>
  decltype(auto) run(T store, F&& fn, Args&&... args) {
    detail::PriorEntry prior(this->key());
    if (const T* current = this->value_of(prior.box());
        current && detail::is_identical(*current, store)) {
      return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
    }
    detail::RunScope scope(std::move(prior), this->new_box(std::move(store)));
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// Calls fn(args...) with no store, the default value hidden too.
  template <class F, class... Args>
  decltype(auto) exit(F&& fn, Args&&... args) {
    detail::PriorEntry prior(this->key());
    if (!this->value_of(prior.box())) {
      return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
    }
    detail::RunScope scope(std::move(prior), detail::absent_box(this->key().uid));
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// Sets the store for the rest of the current synchronous execution and all it starts. Prefer
  /// run() or with_scope(), which cannot leak into their caller.
  void enter_with(T store) {
    detail::replace_frame(Variable::with(this->new_box(std::move(store))));
  }
  /// Enters no store, hiding the default value: Node's enterWith(undefined).
  void enter_with_nothing() {
    detail::replace_frame(Variable::with(detail::absent_box(this->key().uid)));
  }

  /// Sets the store until the returned object goes out of scope, which then enters the prior one
  /// again. Held across a co_await it works in the continuation, and the caller keeps seeing the
  /// store too.
  [[nodiscard]] StorageScope with_scope(T store) {
    StorageScope scope(this->key());
    enter_with(std::move(store));
    return scope;
  }

  /// Removes the store from the current context object itself, as Node does: what shares that
  /// object loses the store too; contexts derived from it, and outer ones, keep theirs. The next
  /// run() or enter_with() works as ever. Throws std::bad_alloc only, and then removes nothing.
  void disable() { detail::disable_in_frame(this->key()); }

  /// A callable that runs fn as a resource born here and now, in this context.
  template <class F>
  static auto bind(F fn, CreationSite site = CreationSite::current()) {
    return AsyncResource::bind(std::move(fn), resource_types::bound_function, site);
  }
  /// A function that runs functions in this context. Needs a Loop.
  static StorageSnapshot snapshot(CreationSite site = CreationSite::current()) {
    return StorageSnapshot(site);
  }
};

}  // namespace contrail::inline v0
