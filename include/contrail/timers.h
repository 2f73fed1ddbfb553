#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <stop_token>

#include "contrail/detail/export.h"
#include "contrail/detail/ref.h"
#include "contrail/function.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0 {

namespace detail {
/// Timers count what is longer as 1 ms, as in Node. Deadlines, for which that would mean the
/// opposite, are cut to it: 24.8 days.
inline constexpr std::chrono::milliseconds longest_delay{INT32_MAX};

struct TimeoutState;
CONTRAIL_API void retain(TimeoutState* timer) noexcept;
CONTRAIL_API void release(TimeoutState* timer) noexcept;
struct ImmediateState;
CONTRAIL_API void retain(ImmediateState* immediate) noexcept;
CONTRAIL_API void release(ImmediateState* immediate) noexcept;
}  // namespace detail

template <class T>
class Promise;

/// A ticket for a timer. The loop owns the timer; dropping the ticket cancels nothing. Copies are
/// tickets for the same timer; a default-constructed one is for none, and does nothing.
class CONTRAIL_API Timeout {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    std::chrono::milliseconds delay;
    bool repeat;
  };

  Timeout() noexcept = default;

  /// The callback will not run (again). Safe at any time, any number of times.
  void clear() noexcept;
  /// Starts counting afresh. A timer that is pending, or running, keeps its id and its context; one
  /// that has already fired becomes a new resource, caused by and in the context of this call. A
  /// cleared one stays cleared.
  Timeout& refresh();
  Timeout& ref() noexcept;
  Timeout& unref() noexcept;  ///< Lets Loop::run() return although the timer is pending.
  bool has_ref() const noexcept;
  AsyncId async_id() const noexcept;

 private:
  friend struct detail::TimeoutState;
  explicit Timeout(detail::Ref<detail::TimeoutState> state) noexcept : state_(std::move(state)) {}
  detail::Ref<detail::TimeoutState> state_;
};

/// Calls fn once, delay from now. Like all of these, throws std::invalid_argument if fn is empty.
/// The loop's clock counts whole milliseconds, as Node's does, so it may be up to one early; a busy
/// loop is late. Delays below 1 ms, and above 2^31 - 1 ms, count as 1 ms. Hooks see a Timeout.
///
/// The callback is kept as long as a ticket is, since refresh() may need it: one that owns its own
/// ticket should clear() it, or it stays until the Loop goes.
CONTRAIL_API Timeout set_timeout(Function<void()> fn, std::chrono::milliseconds delay = {},
                                 CreationSite site = CreationSite::current());

/// Calls fn every period until cleared: one resource, many calls. The period counts from the start
/// of each call.
CONTRAIL_API Timeout set_interval(Function<void()> fn, std::chrono::milliseconds period,
                                  CreationSite site = CreationSite::current());

/// A ticket for a pending immediate.
class CONTRAIL_API Immediate {
 public:
  Immediate() noexcept = default;
  void clear() noexcept;  ///< It will not run. Safe at any time, any number of times.
  Immediate& ref() noexcept;
  Immediate& unref() noexcept;  ///< Lets Loop::run() return although it is pending.
  bool has_ref() const noexcept;
  AsyncId async_id() const noexcept;

 private:
  friend struct detail::ImmediateState;
  explicit Immediate(detail::Ref<detail::ImmediateState> state) noexcept
      : state_(std::move(state)) {}
  detail::Ref<detail::ImmediateState> state_;
};

/// Calls fn once, on this turn of the loop, after I/O. Hooks see an Immediate.
CONTRAIL_API Immediate set_immediate(Function<void()> fn,
                                     CreationSite site = CreationSite::current());

inline void clear_timeout(Timeout timeout) noexcept { timeout.clear(); }
inline void clear_interval(Timeout interval) noexcept { interval.clear(); }
inline void clear_immediate(Immediate immediate) noexcept { immediate.clear(); }

/// Resolves after delay, as set_timeout() counts it.
CONTRAIL_API Promise<void> sleep(std::chrono::milliseconds delay, std::stop_token stop = {},
                                 CreationSite site = CreationSite::current());
// A delay has a unit. Without these, `using namespace contrail; co_await sleep(1);` would find
// POSIX's sleep(), and block the thread for a second. (Promise is incomplete here.)
void sleep(std::integral auto) = delete;
void sleep(unsigned) = delete;

}  // namespace contrail::inline v0
