#pragma once

#include <utility>

#include "contrail/function.h"

namespace contrail::inline v0::detail {

/// A callback that is called again and again, and may replace or remove itself meanwhile.
template <class... Args>
class Listener {
 public:
  using Fn = Function<void(Args...)>;

  void set(Fn fn) {
    replaced_ = true;
    listening_ = static_cast<bool>(fn);
    // Destroyed last: its destructor may call this again.
    const Fn replaced = std::exchange(fn_, std::move(fn));
  }
  explicit operator bool() const noexcept { return listening_; }

  void call(Args... args) {
    if (!fn_) return;
    replaced_ = false;
    Calling calling{*this, std::move(fn_)};
    calling.fn(std::forward<Args>(args)...);
  }

 private:
  struct Calling {
    Listener& listener;
    Fn fn;
    ~Calling() {
      if (!listener.replaced_) listener.fn_ = std::move(fn);
    }
  };

  Fn fn_;
  bool listening_ = false;  ///< There is an fn_, though it is moved out while it runs.
  bool replaced_ = false;   ///< set() was called since it was.
};

}  // namespace contrail::inline v0::detail
