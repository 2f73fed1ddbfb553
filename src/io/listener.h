#pragma once

#include <memory>
#include <utility>

#include "contrail/function.h"

namespace contrail::inline v0::detail {

/// A callback that is called again and again, and may replace or remove itself meanwhile. It stays
/// where it is while it runs: moving it out and back would be paid for by every call.
template <class... Args>
class Listener {
 public:
  using Fn = Function<void(Args...)>;

  void set(Fn fn) {
    listening_ = static_cast<bool>(fn);
    if (running_) {
      next_ = std::make_unique<Fn>(std::move(fn));
    } else {
      replace(std::move(fn));
    }
  }
  explicit operator bool() const noexcept { return listening_; }

  template <class... Given>
  void call(Given&&... given) {
    if (!fn_ || running_) return;
    const Running until_it_returns(*this);
    fn_(std::forward<Given>(given)...);
  }

 private:
  class Running {
   public:
    explicit Running(Listener& listener) noexcept : listener_(listener) {
      listener.running_ = true;
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
      listener_.running_ = false;
      if (const auto next = std::move(listener_.next_)) listener_.replace(std::move(*next));
    }

   private:
    Listener& listener_;
  };

  void replace(Fn&& fn) {
    // Destroyed last: its destructor may set another one.
    const Fn replaced = std::exchange(fn_, std::move(fn));
  }

  Fn fn_;
  std::unique_ptr<Fn> next_;  ///< Was set while fn_ ran.
  bool listening_ = false;    ///< To whom was set last.
  bool running_ = false;
};

}  // namespace contrail::inline v0::detail
