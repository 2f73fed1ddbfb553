#pragma once

#include <memory>
#include <utility>

#include "src/io/promised.h"

namespace contrail::inline v0::detail {

/// Those who wait for the next of something: a connection, a message, a signal. First come, first
/// served; who is cancelled leaves, and takes nothing along.
template <class T>
class WaitQueue {
 public:
  WaitQueue() noexcept { head_.next = head_.previous = &head_; }
  WaitQueue(const WaitQueue&) = delete;
  WaitQueue& operator=(const WaitQueue&) = delete;
  ~WaitQueue() {
    while (!empty()) pop();
  }

  bool empty() const noexcept { return head_.next == &head_; }

  Promise<T> wait(const Waiting& waiting) {
    return promised<T>(waiting, [&](Callback<T> fn) {
      auto* waiter = new Waiter(std::move(fn), waiting);
      waiter->insert_before(head_);
      return static_cast<Cancellable*>(waiter);
    });
  }

  /// Gives the outcome to the first. Its code runs later, in a microtask.
  void settle_first(Result<T> result) { pop()->fn(std::move(result)); }
  /// Those who wait now.
  void settle_all(const Result<T>& result) {
    while (!empty()) settle_first(result);
  }
  void fail_all(const Error& failure) {
    while (!empty()) settle_first(failure);
  }

 private:
  struct Link {
    Link* next = nullptr;
    Link* previous = nullptr;
    void insert_before(Link& end) noexcept {
      previous = end.previous;
      next = &end;
      previous->next = end.previous = this;
    }
    void unlink() noexcept {
      previous->next = next;
      next->previous = previous;
    }
  };

  struct Waiter final : Link, Cancellable {
    Waiter(Callback<T> callback, const Waiting& waiting)
        : fn(std::move(callback)), syscall(waiting.syscall), subject(waiting.subject) {}

    bool cancel() noexcept override {
      this->unlink();
      const std::unique_ptr<Waiter> self(this);
      fn(Error(canceled, syscall, subject));
      return true;
    }

    Callback<T> fn;
    std::string_view syscall;
    std::string subject;
  };

  std::unique_ptr<Waiter> pop() noexcept {
    auto* first = static_cast<Waiter*>(head_.next);
    first->unlink();
    return std::unique_ptr<Waiter>(first);
  }

  Link head_;
};

}  // namespace contrail::inline v0::detail
