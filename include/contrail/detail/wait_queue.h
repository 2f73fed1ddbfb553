#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "contrail/cancellation.h"
#include "contrail/detail/link.h"
#include "contrail/error.h"
#include "contrail/promise.h"

namespace contrail::inline v0::detail {

/// Those who wait for the next of something: a connection, a message, a signal. First come, first
/// served; who is cancelled leaves, and takes nothing along.
template <class T>
class WaitQueue {
 public:
  WaitQueue() noexcept { head_.close(); }
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue() {
    while (!empty()) take_first();
  }

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  Promise<T> wait(const Waiting& waiting) {
    if (waiting.stop.stop_requested()) {
      return Promise<T>::reject(Error(canceled, waiting.syscall, std::string(waiting.subject)),
                                waiting.site);
    }
    auto [promise, resolver] = Promise<T>::with_resolver(waiting.site);
    PromiseCore& core = *state_of(promise);
    auto* waiter = new Waiter(*this, core, std::move(resolver), waiting);
    waiter->insert_before(head_);
    ++size_;
    core.settled_by(waiter);
    if (waiting.stop.stop_possible()) {
      cancel_on_stop(core, waiting.stop, waiting.syscall, std::string(waiting.subject));
    }
    return std::move(promise);
  }

  /// Whoever is settled goes on later, in a microtask.
  Resolver<T> take_first() noexcept { return take(static_cast<Waiter*>(head_.next)); }
  Resolver<T> take_last() noexcept { return take(static_cast<Waiter*>(head_.previous)); }
  void settle_first(Result<T> result) { take_first().settle(std::move(result)); }
  /// Those who wait now.
  void settle_all(const Result<T>& result) {
    while (!empty()) settle_first(result);
  }
  void fail_all(const Error& failure) {
    while (!empty()) take_first().reject(failure);
  }

 private:
  struct Waiter final : Link, Cancellable {
    Waiter(WaitQueue& its_queue, PromiseCore& of, Resolver<T> its_resolver, const Waiting& waiting)
        : queue(its_queue),
          core(of),
          resolver(std::move(its_resolver)),
          syscall(waiting.syscall),
          subject(waiting.subject) {}

    bool cancel() noexcept override {
      const Error failure(canceled, syscall, subject);
      queue.take(this).reject(failure);
      return true;
    }

    WaitQueue& queue;
    PromiseCore& core;  ///< The resolver's.
    Resolver<T> resolver;
    std::string_view syscall;
    std::string subject;
  };

  Resolver<T> take(Waiter* waiter) noexcept {
    waiter->unlink();
    --size_;
    const std::unique_ptr<Waiter> taken(waiter);
    taken->core.settled_by(nullptr);
    return std::move(taken->resolver);
  }

  Link head_;
  std::size_t size_ = 0;
};

}  // namespace contrail::inline v0::detail
