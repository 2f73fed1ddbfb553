#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/resource_info.h"

struct uv_loop_s;

namespace contrail::inline v0 {

class AsyncResource;

namespace detail {
struct LoopState;
}

/// How an exception came to be nobody's: Node's `origin`.
enum class ExceptionOrigin {
  uncaught_exception,   ///< It left a callback.
  unhandled_rejection,  ///< It rejected a promise that nobody was watching.
};

/// What happens to a rejected promise that still has no reaction after the queues were drained:
/// Node's --unhandled-rejections.
enum class UnhandledRejections {
  raise,  ///< It becomes an uncaught exception (Node's "throw"). The default.
  warn,   ///< One line on stderr.
  none,   ///< Nothing.
};

/// Something that a Loop has open: a handle, or an operation under way; or what else keeps it.
struct ActiveResource {
  /// Valid as long as the Loop. "KeepAlive" for one of those, and the name of its libuv type, such
  /// as "uv_timer_t", for a handle that is not contrail's. Neither is a resource: they have no ids.
  std::string_view type;
  AsyncId async_id;
  AsyncId trigger_async_id;
  CreationSite site;  ///< None of a handle that is not contrail's.
  bool has_ref;       ///< It keeps run() from returning.
};

/// An event loop and everything that happens on it.
///
/// One per thread; the thread that creates it runs it and owns every resource made on it. Only
/// post() may be called from other threads; anything else, called there, ends the process with a
/// sentence.
///
///     Loop loop;
///     set_timeout([] { fmt::print("hello\n"); }, 100ms);
///     loop.run();
class CONTRAIL_API Loop {
 public:
  Loop();
  /// Works on a loop of somebody else's, who may also run it: uv_run(native(), …) then drives
  /// contrail's resources too. It must outlive this Loop, which closes only what is its own. Nobody
  /// catches there what run() throws: install on_uncaught_exception().
  explicit Loop(uv_loop_s* adopted);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Closes what is still open, delivers every pending `destroy`, and leaves nothing behind.
  /// Callbacks that did not run are destroyed uncalled; suspended coroutines are destroyed where
  /// they stand, as if the stack unwound: at once, or with the last Promise of theirs that somebody
  /// still holds. What run() was to throw, had it been called again, is said on stderr, one line
  /// each. Must not be reached from inside a callback.
  ///
  /// File operations that the thread pool has begun cannot be cancelled: it waits for them. Where
  /// it works on somebody else's loop it has to run that one until its own handles are closed:
  /// callbacks of the owner that are due run, too.
  ~Loop();

  /// The current thread's loop. Calling it on a thread without one is a programming error.
  static Loop& current() noexcept;

  /// Runs until nothing is left to wait for, or stop() is called. With no handler installed, an
  /// exception that escapes a callback leaves through here, after the current turn, with the loop
  /// intact: call run() again to go on. If several callbacks threw, each call throws one. What
  /// rejected a promise that nobody watched leaves likewise, as it is: only a handler is told which
  /// of the two it was.
  void run();
  bool run_once();    ///< One turn, waiting for work if there is none. True while work remains.
  bool run_nowait();  ///< One turn, never waiting. True while work remains.
  /// Ends run() after the current turn. What is pending stays pending.
  void stop() noexcept;

  /// The loop's idea of now, in milliseconds of a monotonic clock; constant within a turn unless
  /// timers are started, which reads the clock anew.
  std::chrono::milliseconds now() const noexcept;

  /// What is open, in the order in which it was opened; then timers and immediates; then each
  /// KeepAlive, and the handles of your own on native() that are active and have a ref. Those with
  /// has_ref say why run() does not return: Node's process.getActiveResourcesInfo(). Requests of
  /// your own, such as uv_work_t, libuv cannot list.
  std::vector<ActiveResource> active_resources() const;

  /// Receives exceptions that escape callbacks, in place of run() throwing them: programs that
  /// drive the loop by uv_run(native(), …) need one, or hear of them only as the Loop ends. Called
  /// with the ids and the context of the callback that failed; the loop goes on afterwards. What
  /// the handler throws leaves through run().
  void on_uncaught_exception(Function<void(std::exception_ptr, ExceptionOrigin)> handler);
  template <std::invocable<std::exception_ptr> F>
  requires(!std::invocable<F&, std::exception_ptr, ExceptionOrigin>) void on_uncaught_exception(
      F handler) {
    on_uncaught_exception(
        [handler = std::move(handler)](std::exception_ptr error, ExceptionOrigin) mutable {
          handler(std::move(error));
        });
  }

  /// Receives rejections that nobody handled, with the promise's id (no_async_id unless a hook
  /// tracks promises), in the context in which the promise was rejected. Takes the place of the
  /// policy below.
  void on_unhandled_rejection(Function<void(std::exception_ptr, AsyncId)> handler);
  void set_unhandled_rejections(UnhandledRejections policy) noexcept;

  /// Runs fn on this loop soon, with no context and execution id 0. The only member another
  /// thread may call; the Loop must outlive the call. A pending fn alone does not keep run()
  /// from returning: see keep_alive(). What was posted by then runs before run() returns.
  void post(Function<void()> fn);

  /// Keeps run() from returning for lack of work as long as it exists.
  class CONTRAIL_API KeepAlive {
   public:
    KeepAlive(KeepAlive&& other) noexcept
        : loop_(std::exchange(other.loop_, 0)), site_(other.site_) {}
    KeepAlive& operator=(KeepAlive other) noexcept {
      std::swap(loop_, other.loop_);
      std::swap(site_, other.site_);
      return *this;
    }
    ~KeepAlive();

   private:
    friend class Loop;
    KeepAlive(detail::LoopState& state, CreationSite site);
    std::uint64_t loop_;  ///< Not its address: it may outlive the Loop, and that be reused.
    CreationSite site_;
  };
  [[nodiscard]] KeepAlive keep_alive(CreationSite site = CreationSite::current());

  /// Calls make(loop) for every Loop created from now on, in any thread, and keeps the result until
  /// that Loop has delivered its last event: how a tracer comes along without being called for.
  static void add_companion(std::shared_ptr<void> (*make)(Loop&));

  /// For events of libuv handles of your own: calls fn as the resource, in its context, and then,
  /// as after every callback of the loop, runs ticks and microtasks. What fn throws is an uncaught
  /// exception; nothing unwinds through libuv. fn may destroy the resource.
  void make_callback(const AsyncResource& resource, Function<void()> fn);

  /// Tells this Loop from all others of the process, past ones too: 1 for the first, then 2, and so
  /// on. Every Loop counts its ids from 2, so who shows those of several Loops shows this besides.
  std::uint64_t number() const noexcept;

  /// The libuv loop: for handles of your own. See make_callback().
  uv_loop_s* native() noexcept;

 private:
  detail::LoopState& state() const noexcept;
  std::unique_ptr<detail::LoopState> state_;
};

}  // namespace contrail::inline v0
