#pragma once

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "contrail/creation_site.h"
#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/promise.h"
#include "contrail/timers.h"

/// Cancellation has one vocabulary, std::stop_token: every call that waits for something takes one,
/// last, but for those that close. Where there is none, as in http and in coroutines of your own,
/// with_stop() serves. Once it is asked to stop, by any thread, the operation is cancelled and
/// the promise rejects with ECANCELED: at once, unless the operation is still using what you lent
/// it, such as a buffer. A token that was asked to stop already starts nothing.
///
///     std::stop_source source;
///     Promise<std::size_t> size = socket.read(buffer, source.get_token());
///     source.request_stop();  // "read 127.0.0.1:8080: ECANCELED: operation canceled"
namespace contrail::inline v0 {

namespace detail {

/// What every call that waits is given besides its arguments, and what its failures name.
struct Waiting {
  std::stop_token stop;
  CreationSite site;
  std::string_view syscall;
  std::string_view subject = {};
};

/// Calls fn once the token is asked to stop: at once if that happens, or has happened, on this
/// thread, otherwise as soon as this thread's Loop gets to it. Not any more once this is gone.
class CONTRAIL_API OnStop {
 public:
  OnStop(std::stop_token stop, Function<void()> fn);
  OnStop(const OnStop&) = delete;
  OnStop& operator=(const OnStop&) = delete;
  ~OnStop();

 private:
  struct State;
  struct Call {
    std::shared_ptr<State> state;
    void operator()() const noexcept;
  };
  std::shared_ptr<State> state_;
  std::optional<std::stop_callback<Call>> callback_;
};

/// Cancels who settles the promise once the token is asked to stop; where there is nobody, rejects
/// it in his place.
CONTRAIL_API void cancel_on_stop(PromiseCore& promise, std::stop_token stop,
                                 std::string_view syscall, std::string subject);

/// What a cancelled operation failed with, as what made us cancel it.
CONTRAIL_API std::exception_ptr instead_of_canceled(const std::exception_ptr& error, int status,
                                                    std::string_view syscall,
                                                    std::string_view subject);

/// A promise that takes over another one's outcome, unless it is cut short.
template <class T>
class CutShort {
 public:
  CutShort(const Promise<T>& promise, CreationSite site)
      : source_(state_of(promise)), result_(new_promise<T>(nullptr, site)) {
    result_->settled_by(source_.get());
  }

  Promise<T> result() const { return promise_of(result_); }

  /// What has been cancelled will say so itself; what cannot be is not waited for.
  void cut(int status, std::string_view syscall, std::string subject) {
    status_ = status;
    syscall_ = syscall;
    subject_ = std::move(subject);
    if (!request_cancel(*source_) && result_->claim()) {
      result_->reject(instead_of_canceled(nullptr, status_, syscall_, subject_));
    }
  }

  void settle(PromiseState<T>& source) {
    if (!result_->claim()) return;
    if (status_ != 0 && source.rejected()) {
      return result_->reject(instead_of_canceled(source.error(), status_, syscall_, subject_));
    }
    source_ = {};  // The value may then be moved.
    settle_like(*result_, source);
  }

 private:
  Ref<PromiseState<T>> source_;
  Ref<PromiseState<T>> result_;
  int status_ = 0;  ///< Why it was cut, if it was.
  std::string_view syscall_;
  std::string subject_;
};

inline constexpr int timed_out = -110;  // UV_ETIMEDOUT, which <uv.h> would drag in.
inline constexpr int canceled = -125;   // UV_ECANCELED

CONTRAIL_API std::string describe(std::chrono::milliseconds time);

}  // namespace detail

/// Settles as promise does. If that takes longer than `within`, whoever settles it is cancelled:
/// the operation it stands for, or, of a coroutine or a chain of then(), the one that is being
/// waited for at that moment; of all() and its like, all of them. Then it rejects with ETIMEDOUT:
/// "read 127.0.0.1:8080: ETIMEDOUT: …". What takes no cancellation, such as a Resolver of your own
/// or work that has begun on the thread pool, goes on unwatched.
///
///     const std::string reply = co_await with_timeout(ask(host), 5s);
///
/// Of all_settled() it is the outcomes that say ECANCELED. A limit below 1 ms counts as 1 ms.
///
/// Whoever else waits for the promise sees it cancelled, too. A coroutine may catch ECANCELED and
/// go on: it is then waited for. Hooks see a Timeout.
template <class T>
Promise<T> with_timeout(Promise<T> promise, std::chrono::milliseconds within,
                        CreationSite site = CreationSite::current()) {
  auto race = std::make_shared<detail::CutShort<T>>(promise, site);
  Promise<T> result = race->result();
  auto cut = [race, within] {
    race->cut(detail::timed_out, "with_timeout", detail::describe(within));
  };
  Timeout timer = set_timeout(std::move(cut), std::min(within, detail::longest_delay), site);
  detail::react(
      detail::state_of(promise),
      [race = std::move(race), timer](detail::PromiseState<T>& source) mutable {
        timer.clear();
        race->settle(source);
      },
      detail::Derive::if_tracked, site);
  return result;
}

/// The same for a token: for coroutines of your own that do not take one.
template <class T>
Promise<T> with_stop(Promise<T> promise, std::stop_token stop,
                     CreationSite site = CreationSite::current()) {
  if (!stop.stop_possible()) return promise;
  auto race = std::make_shared<detail::CutShort<T>>(promise, site);
  Promise<T> result = race->result();
  auto cut = [race] { race->cut(detail::canceled, "with_stop", {}); };
  auto on_stop = std::make_unique<detail::OnStop>(std::move(stop), std::move(cut));
  detail::react(
      detail::state_of(promise),
      [race = std::move(race),
       on_stop = std::move(on_stop)](detail::PromiseState<T>& source) mutable {
        on_stop = nullptr;
        race->settle(source);
      },
      detail::Derive::if_tracked, site);
  return result;
}

}  // namespace contrail::inline v0
