#pragma once

#include <cmath>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "contrail/detail/context_frame.h"

namespace contrail::inline v0 {

namespace detail {
class SharedContext;
}

/// Values that follow the flow of control across asynchronous calls, in the shape of the
/// AsyncContext proposal for JavaScript (TC39, stage 2).
namespace async_context {

/// Whether no variable and no storage holds anything in the current context, default values aside.
inline bool is_empty() noexcept {
  const detail::ContextFrame* frame = detail::hot.frame;
  return !frame || (frame->bound == 0 && !frame->overflow);
}

/// For tracers: tells the contexts that are in use apart. Equal as long as something holds the same
/// one, and then perhaps another one's; nullptr if nothing was ever entered. Read in `init`, it is
/// that of the context which the new resource holds.
inline const void* identity() noexcept { return detail::hot.frame; }

struct VariableOptions {
  std::string name = {};
};

/// One named value of the current context.
///
///     async_context::Variable<TraceId> trace;
///     trace.run(TraceId{7}, [] { set_timeout([] { log(trace.get()->value); }); });
///
/// Setting it never disturbs code that already captured the context: contexts are immutable, a
/// Variable only chooses which one is current. Variables may be made before any Loop, used on
/// every thread, and destroyed while contexts still hold their values. Values must tolerate being
/// read from several threads once they are bound: queue_work() lends them to its worker, and a
/// SharedSnapshot to whom it is given; contexts themselves stay on their thread.
template <class T>
class Variable {
 public:
  explicit Variable(VariableOptions options = {}) : name_(std::move(options.name)) {}
  Variable(VariableOptions options, T default_value)
      : name_(std::move(options.name)), default_(std::move(default_value)) {}
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { detail::free_variable_key(key_); }

  /// The value here and now, or the default, or nullptr. Valid until the context changes: do not
  /// hold it across a co_await.
  const T* get() const noexcept { return value_of(detail::find_box(key_)); }

  /// Calls fn with the variable set to value, then puts the whole context back, even if fn throws.
  template <class F, class... Args>
  decltype(auto) run(T value, F&& fn, Args&&... args) {
    const auto frame = detail::FrameRef::adopt(with(new_box(std::move(value))));
    detail::FrameScope scope(frame.get());
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }

  const std::string& name() const noexcept { return name_; }

 protected:
  using ValueBox = detail::BoxOf<T>;

  detail::VariableKey key() const noexcept { return key_; }
  const T* value_of(const detail::Box* box) const noexcept {
    if (!box) return default_ ? &*default_ : nullptr;
    const detail::Box* holder = box->holder();
    return holder ? &static_cast<const ValueBox*>(holder)->value : nullptr;
  }
  detail::Ref<detail::Box> new_box(T&& value) const {
    return detail::Ref<detail::Box>::adopt(new ValueBox(key_.uid, std::move(value)));
  }
  detail::ContextFrame* with(detail::Ref<detail::Box> box) const {
    return detail::frame_with(detail::hot.frame, key_.index, box.detach());
  }

 private:
  detail::VariableKey key_ = detail::new_variable_key();
  std::string name_;
  std::optional<T> default_;
};

class SharedSnapshot;

/// The whole context at one moment, to be re-entered later, on the same thread, which nobody
/// checks. Copies share it. For other threads there is share().
class Snapshot {
 public:
  Snapshot() : frame_(detail::FrameRef::adopt(detail::capture_frame())) {}

  /// Calls fn in the context of this moment. What fn enters is gone afterwards, here and there.
  template <class F, class... Args>
  decltype(auto) run(F&& fn, Args&&... args) const {
    detail::FrameScope scope(frame_.get());
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }

  /// The same context for any thread.
  SharedSnapshot share() const;

  /// A callable that runs fn in the context of this moment.
  template <class F>
  static auto wrap(F fn) {
    return [snapshot = Snapshot(), fn = std::move(fn)](auto&&... args) mutable -> decltype(auto) {
      return snapshot.run(fn, std::forward<decltype(args)>(args)...);
    };
  }

 private:
  detail::FrameRef frame_;
};

/// A Snapshot for other threads: copied, handed over, run and dropped on any of them, whether or
/// not they have a Loop.
///
///     worker_loop.post([context = Snapshot().share()] { context.run(handle_request); });
///
/// What fn starts there, timers for instance, keeps the context in that thread's own terms, for as
/// long as it likes. Values are the very objects of the Snapshot's thread, so from share() on
/// several threads may read them at once: they must be safe to use as const. What is run, entered
/// or disabled inside run() stays with it.
///
/// Values are destroyed on the thread that bound them: when it next turns its Loop, ends one, calls
/// share(), or ends; after its end on whichever thread drops the last share, one at a time.
class CONTRAIL_API SharedSnapshot {
 public:
  SharedSnapshot(const SharedSnapshot& other) noexcept;
  SharedSnapshot(SharedSnapshot&& other) noexcept
      : context_(std::exchange(other.context_, nullptr)) {}
  SharedSnapshot& operator=(SharedSnapshot other) noexcept {
    std::swap(context_, other.context_);
    return *this;
  }
  ~SharedSnapshot();

  /// Calls fn(args...) in the context of the Snapshot, on this thread. One that was moved from has
  /// an empty context.
  template <class F, class... Args>
  decltype(auto) run(F&& fn, Args&&... args) const {
    const auto frame = detail::FrameRef::adopt(frame_of_this_thread());
    detail::FrameScope scope(frame.get());
    return std::invoke(std::forward<F>(fn), std::forward<Args>(args)...);
  }

 private:
  friend class Snapshot;
  explicit SharedSnapshot(detail::ContextFrame* frame);
  detail::ContextFrame* frame_of_this_thread() const;

  detail::SharedContext* context_;  ///< nullptr: nothing was bound.
};

inline SharedSnapshot Snapshot::share() const { return SharedSnapshot(frame_.get()); }

}  // namespace async_context
}  // namespace contrail::inline v0
