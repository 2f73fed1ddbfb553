#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/message_channel.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0 {

class Loop;

struct WorkerOptions {
  /// Of the thread, for debuggers and in errors; the system shows the first 15 bytes.
  std::string name = {};
  CreationSite site = CreationSite::current();  ///< Where these options are written.
};

namespace detail {

/// What travels in the place of an argument for another thread.
template <class T>
T for_other_thread(T value) {
  return value;
}
template <class In, class Out>
DetachedPort<In, Out> for_other_thread(MessagePort<In, Out> port) {
  return std::move(port).detach();
}
template <class T>
using ForOtherThread = decltype(for_other_thread(std::declval<T>()));

template <class F, class... Args>
concept WorkerMain = std::invocable<F&, Loop&, ForOtherThread<Args>...>;

}  // namespace detail

/// A thread with a Loop of its own.
///
///     MessageChannel<int, std::string> channel;
///     auto main = [](Loop&, MessagePort<std::string, int> parent) -> Promise<> {
///       while (auto text = co_await parent.receive()) parent.post_message(count_words(*text));
///     };
///     Worker worker(main, std::move(channel.port2));
///
/// Calls main(loop, args...) there, then runs the loop until nothing is left to wait for. The
/// arguments are moved to it: ports in their detached form, of which main makes ports again. If
/// main returns a Promise, as a coroutine does, that it fails is noticed. What main captures lives
/// until its Loop has ended. It starts in no context; a SharedSnapshot brings one. A hook that main
/// enables does not hear of ports that main takes as MessagePorts, as these were made before: take
/// them as DetachedPorts.
///
/// Belongs to the Loop on which it was made, and hooks on that one see a WORKER, whose before and
/// after are around its end. Hooks, ids and contexts of the two Loops know nothing of each other.
///
/// When it goes out of scope, or its Loop does, it is told to stop, see terminate(), and waited
/// for: nothing that runs on it outlives it. Its callbacks are not called then.
class CONTRAIL_API Worker {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    std::string name;
    bool running = false;  ///< Its end was not told yet.
    bool has_ref = true;
  };
  /// Thrown on the worker's thread, and not caught there before it leaves run(), it ends the worker
  /// as if nothing was left to do.
  struct CONTRAIL_API Exit {};

  /// Throws Error if the system has no more threads to give, or the name has a NUL in it. The
  /// creation site is that of the options, if there are any; with arguments and no options it is
  /// unknown.
  template <class F>
  requires detail::WorkerMain<F>
  explicit Worker(F main, CreationSite site = CreationSite::current())
      : Worker(WorkerOptions{.site = site}, std::move(main)) {}
  template <class F, class... Args>
  requires(sizeof...(Args) > 0 && detail::WorkerMain<F, Args...>) explicit Worker(F main,
                                                                                  Args... args)
      : Worker(WorkerOptions{.site = {}}, std::move(main), std::move(args)...) {}
  template <class F, class... Args>
  requires detail::WorkerMain<F, Args...> Worker(WorkerOptions options, F main, Args... args)
      : state_(start(std::move(options),
                     call_later(std::move(main), detail::for_other_thread(std::move(args))...))) {}

  /// Resolves when it has ended; rejects with what main threw, or left its loop uncaught, which
  /// ended it. As often as you like. What it has posted before is delivered by then to those who
  /// listen.
  Promise<> exited(std::stop_token stop = {}, CreationSite site = CreationSite::current());
  /// Calls fn when it has ended, inside its WORKER, with what made it fail, or nullptr; in a tick
  /// if it has already. Once; another fn takes the place of the first. If there is neither an fn
  /// nor an exited(), a failure is an uncaught exception here.
  void on_exit(Function<void(std::exception_ptr)> fn);

  /// Asks it to stop: its loop ends after the turn that it is in, whatever is pending there, and
  /// main is not called if it has not been yet. That is no failure. A callback that runs goes on,
  /// so those that take long should look at stop_token(). Returns at once; from this Loop only.
  void terminate() noexcept;
  /// Of the Worker whose thread this is, for code that takes long: a stop_callback is called on the
  /// thread that asks. On other threads one that is never asked.
  static std::stop_token stop_token() noexcept;

  /// Whether the worker, until its end is told, keeps Loop::run() from returning. It does at first.
  void ref() noexcept;
  void unref() noexcept;
  bool has_ref() const noexcept;

  const std::string& name() const noexcept;
  explicit operator bool() const noexcept { return state_ != nullptr; }  ///< Not moved from.
  AsyncId async_id() const noexcept;

  struct State;

 private:
  struct LetGo {
    void operator()(State* state) const noexcept;
  };

  template <class F, class... Args>
  static Function<void(Loop&)> call_later(F main, Args... args) {
    return [main = std::move(main), args = std::tuple(std::move(args)...)](Loop& loop) mutable {
      // A Promise that is dropped goes on unwatched; that it fails ends the loop.
      auto call = [&](Args&... each) {
        static_cast<void>(std::invoke(main, loop, std::move(each)...));
      };
      std::apply(call, args);
    };
  }

  static std::unique_ptr<State, LetGo> start(WorkerOptions options, Function<void(Loop&)> main);
  State& state() const noexcept;

  std::unique_ptr<State, LetGo> state_;
};

}  // namespace contrail::inline v0
