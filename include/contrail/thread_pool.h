#pragma once

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>
#include <type_traits>
#include <utility>

#include "contrail/detail/export.h"
#include "contrail/detail/pool.h"
#include "contrail/promise.h"
#include "contrail/resource_types.h"
#include "contrail/result.h"

namespace contrail::inline v0 {

struct WorkOptions {
  /// What hooks see: one of your own, as for an AsyncResource. Copied.
  std::string_view type = resource_types::work.name;
};

/// What hooks see of work that was queued. Known once it is done: zero in `init`, where it was
/// cancelled, and where no hook was enabled when it was queued.
struct CONTRAIL_API WorkDetails {
  std::chrono::nanoseconds waited{};  ///< For a thread.
  std::chrono::nanoseconds worked{};
};

/// How busy the pool is with what was queued here, by all Loops of the process. Files and lookups
/// share its threads (four, or UV_THREADPOOL_SIZE) and are not counted.
struct ThreadPoolStatus {
  std::size_t queued = 0;   ///< Waiting for a thread.
  std::size_t running = 0;  ///< On a thread.
  /// How long the last one to start had waited.
  std::chrono::nanoseconds last_wait{};
};
/// From any thread.
CONTRAIL_API ThreadPoolStatus thread_pool_status() noexcept;

namespace detail {

/// What the pool is given. run() is called there, the others on the loop.
class CONTRAIL_API Work {
 public:
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  virtual ~Work() = default;
  virtual void run() = 0;
  virtual void done() = 0;  ///< run() has returned.
  virtual void failed(std::exception_ptr error) = 0;

 protected:
  Work() noexcept = default;
};

CONTRAIL_API Cancellable* queue(std::unique_ptr<Work> work, WorkOptions options,
                                std::stop_token stop, CreationSite site);
/// What those are told who can be told of an Error only.
CONTRAIL_API Error error_of_work(std::exception_ptr error);

template <class F>
using WorkResult = std::invoke_result_t<F&>;

/// Calls fn and keeps what it returns, then hands it to who waits: told(Stored&&) or told(error).
template <class F, class Told>
class WorkOf final : public Work, public Pooled {
  using R = WorkResult<F>;
  using Stored = typename PromiseState<R>::Stored;
  static_assert(!std::is_reference_v<R>, "return a value: references would cross threads");

 public:
  WorkOf(F fn, Told told) : fn_(std::move(fn)), told_(std::move(told)) {}

 private:
  void run() override {
    if constexpr (std::is_void_v<R>) {
      std::invoke(fn_);
      result_.emplace();
    } else {
      result_.emplace(std::invoke(fn_));
    }
  }
  void done() override { told_(std::move(*result_)); }
  void failed(std::exception_ptr error) override { told_(std::move(error)); }

  F fn_;
  Told told_;
  std::optional<Stored> result_;
};

template <class F, class Told>
Cancellable* queue(F fn, Told told, WorkOptions options, std::stop_token stop, CreationSite site) {
  return queue(std::make_unique<WorkOf<F, Told>>(std::move(fn), std::move(told)), options,
               std::move(stop), site);
}

}  // namespace detail

/// Calls fn() on a thread of libuv's pool, and fulfils the promise with what it returns, moved, or
/// rejects it with what it throws.
///
///     auto hash = [text = std::move(text)] { return sha256(text); };
///     const Digest digest = co_await queue_work(std::move(hash));
///
/// Inside fn, AsyncLocalStorage::get_store() and Variable::get() answer as they do here: the
/// context is lent, and the stores must bear being read by two threads. What fn enters with run()
/// or enter_with() ends with it. There is no Loop on that thread: timers, ticks, promises and
/// resources end the process with a sentence; Loop::post() is the way back. So does a context that
/// fn keeps for longer than it runs, such as a Snapshot that it returns. A store that fn reads by
/// get_store() is valid until fn returns. Results and captures are destroyed on the loop's thread.
///
/// A token that is asked to stop before fn has started rejects with ECANCELED at once. An fn that
/// has started goes on; it may look at the token itself. A Loop that ends waits for those that have
/// started.
template <class F>
requires std::invocable<F&> Promise<detail::WorkResult<F>> queue_work(
    F fn, WorkOptions options = {}, std::stop_token stop = {},
    CreationSite site = CreationSite::current()) {
  using R = detail::WorkResult<F>;
  auto [promise, resolver] = Promise<R>::with_resolver(site);
  struct Told {
    Resolver<R> resolver;
    void operator()(typename detail::PromiseState<R>::Stored&& value) {
      resolver.resolve(std::move(value));
    }
    void operator()(std::exception_ptr error) { resolver.reject(std::move(error)); }
  };
  detail::Cancellable* work =
      detail::queue(std::move(fn), Told{std::move(resolver)}, options, std::move(stop), site);
  detail::state_of(promise)->settled_by(work);
  return std::move(promise);
}

/// The same with a callback, which runs as the resource. It receives an Error that fn threw as it
/// is; of any other exception an Error with the code UV_UNKNOWN that quotes it.
template <class F>
requires std::invocable<F&>
void queue_work(F fn, WorkOptions options, Callback<detail::WorkResult<F>> done,
                std::stop_token stop = {}, CreationSite site = CreationSite::current()) {
  using R = detail::WorkResult<F>;
  struct Told {
    Callback<R> fn;
    void operator()([[maybe_unused]] typename detail::PromiseState<R>::Stored&& value) {
      if constexpr (std::is_void_v<R>) {
        fn(Result<R>());
      } else {
        fn(Result<R>(std::move(value)));
      }
    }
    void operator()(std::exception_ptr error) { fn(detail::error_of_work(std::move(error))); }
  };
  detail::queue(std::move(fn), Told{std::move(done)}, options, std::move(stop), site);
}

}  // namespace contrail::inline v0
