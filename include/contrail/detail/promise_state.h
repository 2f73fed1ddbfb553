#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "contrail/detail/async_scope.h"
#include "contrail/detail/cancellable.h"
#include "contrail/detail/job.h"
#include "contrail/detail/pool.h"
#include "contrail/detail/ref.h"
#include "contrail/resource_types.h"

namespace contrail::inline v0::detail {

/// The ids of a PROMISE. Assigned only while some hook tracks promises, which may be late.
class PromiseIds {
 public:
  AsyncId id() const noexcept { return id_ & ~noted; }
  bool tracked() const noexcept { return id_ != no_async_id; }
  CONTRAIL_API ScopeKey key() const noexcept;

  /// A promise was born; `parent` is the one it derives from.
  void born(PromiseIds* parent, CreationSite site) {
    if (hot.promises & (promise_ids | promise_init)) [[unlikely]]
      announce(parent, site);
  }
  void settled() noexcept {
    if (hot.promises & promise_settle) [[unlikely]]
      announce_settled();
  }
  void gone() noexcept {
    if (tracked()) [[unlikely]]
      announce_gone();
  }
  /// Assigns an id if there is none yet.
  CONTRAIL_API void track(PromiseIds* parent) noexcept;

 private:
  static constexpr AsyncId noted = AsyncId{1} << 63;

  ResourceNotes* notes() const noexcept { return id_ & noted ? notes_ : nullptr; }
  CONTRAIL_API void announce(PromiseIds* parent, CreationSite site);
  CONTRAIL_API void announce_settled() noexcept;
  CONTRAIL_API void announce_gone() noexcept;

  AsyncId id_ = no_async_id;
  union {
    AsyncId trigger_ = no_async_id;
    ResourceNotes* notes_;  ///< Which hold the trigger, where the id is `noted`.
  };
};

/// A reaction runs in one of these: the context its author had and, while promises are tracked,
/// the ids of the promise it derives, between before and after.
class ReactionScope : FrameScope {
 public:
  /// `ids` may be nullptr, and must not outlive the scope only if it is never settled inside.
  ReactionScope(PromiseIds* ids, ContextFrame* frame) : FrameScope(frame), ids_(ids) {
    if (ids && (hot.promises & promise_scope)) [[unlikely]]
      enter();
  }
  ~ReactionScope() {
    if (link_ || (ids_ && (hot.promises & promise_scope))) [[unlikely]]
      leave();
  }

 private:
  CONTRAIL_API void enter();
  CONTRAIL_API void leave() noexcept;

  PromiseIds* ids_;
  std::optional<LinkedIdScope> link_;
};

/// What waits for a promise: a microtask once the promise is settled.
struct Reaction : Job {
  Reaction(Step run_step, Step drop_step) noexcept : Job(run_step, drop_step) {}
  ~Reaction() {
    if (frame) release(frame);
  }
  ContextFrame* frame = nullptr;  ///< Captured when the reaction is added; counted.
};

/// A promise without its value: settle once, react later.
class PromiseCore : public Cancellable {
 public:
  PromiseCore(const PromiseCore&) = delete;
  PromiseCore& operator=(const PromiseCore&) = delete;

  AsyncId async_id() const noexcept { return ids.id(); }
  ScopeKey scope_key() const noexcept { return ids.key(); }
  bool pending() const noexcept { return status_ == Status::pending; }
  bool fulfilled() const noexcept { return status_ == Status::fulfilled; }
  bool rejected() const noexcept { return status_ == Status::rejected; }
  bool handled() const noexcept { return handled_; }
  void handle() noexcept { handled_ = true; }
  const std::exception_ptr& error() const noexcept { return error_; }

  /// Claims the right to decide the outcome; false if somebody already has it.
  bool claim() noexcept { return !std::exchange(claimed_, true); }
  /// The same for a Resolver that dies unused. While the executor runs it has to wait: an exception
  /// that leaves the executor destroys the Resolver on its way, and is what the promise fails with.
  bool claim_broken() noexcept {
    if (!executing_) return claim();
    broken_ = true;
    return false;
  }
  void begin_executor() noexcept { executing_ = true; }
  /// True if the promise has turned out to be broken, and the right is the caller's.
  bool end_executor() noexcept {
    executing_ = false;
    return broken_ && claim();
  }

  void reject(std::exception_ptr error) {
    error_ = std::move(error);
    settle(Status::rejected);
  }

  void add_reaction(Reaction* reaction) {
    handled_ = true;
    add_observer(reaction);
  }
  /// One that leaves a rejection unhandled. It hears before the loop judges: handle() is in time.
  void add_observer(Reaction* reaction) {
    reaction->frame = capture_frame();
    if (pending()) {
      append(reaction);
    } else {
      enqueue_job(reaction);
    }
  }

  /// Moves what waits to the microtask queue.
  CONTRAIL_API void release_reactions() noexcept;

  /// Who is going to settle it, while it is pending: an operation, or the promise it takes its
  /// outcome from. Must say so, with nullptr, if it goes without having settled it.
  void settled_by(Cancellable* settler) noexcept { settler_ = settler; }
  Cancellable* waits_for() const noexcept override { return settler_; }
  /// Among those of its Loop that somebody waits for.
  PromiseCore* next_awaited() const noexcept { return next_awaited_; }

  PromiseIds ids;
  std::uint32_t refs = 1;

 protected:
  enum class Status : std::uint8_t { pending, fulfilled, rejected };

  struct StandInTag {};

  PromiseCore(PromiseIds* parent, CreationSite site) { ids.born(parent, site); }
  explicit PromiseCore(StandInTag) noexcept : thread_(stand_in) {}
  virtual ~PromiseCore() {
    ids.gone();
    if (first_) release_reactions();
  }

  void fulfil() { settle(Status::fulfilled); }
  bool is_stand_in() const noexcept { return thread_ == stand_in; }
  /// For coroutines, whose frames may hold the last Promise of others: calls destroy(), one at a
  /// time.
  CONTRAIL_API void destroy_in_turn() noexcept;

 private:
  friend void release(PromiseCore* promise) noexcept;
  virtual void dispose() noexcept = 0;
  virtual void destroy() noexcept {}
  /// Of a stand-in: settles the promise that it stands in for.
  virtual void pass_on() noexcept {}
  CONTRAIL_API void settle(Status status);
  void append(Reaction* reaction) noexcept {
    if (!first_) join_awaited();
    (first_ ? last_->next : first_) = reaction;
    last_ = reaction;
  }
  /// A Loop knows the promises that somebody waits for: perhaps nobody is left to settle them.
  CONTRAIL_API void join_awaited() noexcept;
  void leave_awaited() noexcept;

  Status status_ = Status::pending;
  bool claimed_ = false;
  bool executing_ = false;
  bool broken_ = false;  ///< While executing: its Resolver is gone.
  bool handled_ = false;
  /// In thread_, where nothing is tested but once: no promise, see StandIn.
  static constexpr std::uint32_t stand_in = ~std::uint32_t{0};
  const std::uint32_t thread_ = hot.thread;
  Job* first_ = nullptr;
  Job* last_ = nullptr;
  PromiseCore* next_awaited_ = nullptr;   ///< Later: of the coroutines that are to be destroyed.
  PromiseCore** awaited_from_ = nullptr;  ///< What points here in that list.
  Cancellable* settler_ = nullptr;
  std::exception_ptr error_;
};

inline void retain(PromiseCore* promise) noexcept { ++promise->refs; }
inline void release(PromiseCore* promise) noexcept {
  if (--promise->refs == 0) promise->dispose();
}

/// Rejects `promise` as V8 does when it is resolved with itself.
CONTRAIL_API std::exception_ptr chaining_cycle();
/// What happens to a promise whose Resolver died unused.
CONTRAIL_API std::exception_ptr broken_promise();

/// With the value. One allocation; a coroutine's frame contains its own.
template <class T>
class PromiseState : public PromiseCore {
 public:
  /// Of a reference there is none, which Promise says; a pointer here keeps it to that sentence.
  using Stored =
      std::conditional_t<std::is_void_v<T>, std::monostate,
                         std::conditional_t<std::is_reference_v<T>, std::add_pointer_t<T>, T>>;

  PromiseState(PromiseIds* parent, CreationSite site) : PromiseCore(parent, site) {}

  template <class... Args>
  void resolve(Args&&... args) {
    value_.emplace(std::forward<Args>(args)...);
    fulfil();
  }
  /// Takes the outcome of `promise`, when it has one.
  void adopt(Ref<PromiseState> promise);
  template <class F>
  void adopt_thenable(F thenable);

  Stored& value() noexcept { return *value_; }
  /// Shares the value if it can be copied and somebody else can see it, otherwise gives it away.
  Stored take(bool sole_owner) {
    if constexpr (std::is_copy_constructible_v<Stored>) {
      if (!sole_owner) return *value_;
    }
    return std::move(*value_);
  }

 protected:
  explicit PromiseState(StandInTag tag) noexcept : PromiseCore(tag) {}
  void dispose() noexcept override { delete this; }

 private:
  /// This promise, or the one that this is a stand-in for.
  PromiseState& principal() noexcept;

  std::optional<Stored> value_;
};

/// Stands in for a promise that waits for a thenable. Its resolvers have lost the right to settle
/// it; the thenable's, which settle this, have one of their own.
template <class T>
struct StandIn final : PromiseState<T>, Pooled {
  explicit StandIn(Ref<PromiseState<T>> promise) noexcept
      : PromiseState<T>(typename StandIn::StandInTag()), target(std::move(promise)) {}
  void dispose() noexcept override { delete this; }
  void pass_on() noexcept override;

  Ref<PromiseState<T>> target;
};

template <class T>
PromiseState<T>& PromiseState<T>::principal() noexcept {
  return is_stand_in() ? *static_cast<StandIn<T>&>(*this).target : *this;
}

template <class T>
struct PooledPromiseState final : PromiseState<T>, Pooled {
  using PromiseState<T>::PromiseState;
  void dispose() noexcept override { delete this; }
};

template <class T>
Ref<PromiseState<T>> new_promise(PromiseIds* parent, CreationSite site) {
  return Ref<PromiseState<T>>::adopt(new PooledPromiseState<T>(parent, site));
}

}  // namespace contrail::inline v0::detail
