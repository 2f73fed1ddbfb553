#pragma once

#include <functional>
#include <string>
#include <utility>

#include "contrail/async_hook.h"

namespace contrail {

/// A hook that does something, once, at the worst moment.
class Meddler {
 public:
  using Act = std::function<void()>;

  /// In the first init of such a resource.
  static Meddler in_init_of(std::string type, Act act) {
    return Meddler({.init = [type = std::move(type),
                             act = once(std::move(act))](const ResourceInfo& made) mutable {
      if (made.type == type) act();
    }});
  }
  /// In the first before of that resource.
  static Meddler in_before_of(AsyncId id, Act act) {
    return Meddler({.before = [id, act = once(std::move(act))](AsyncId entered) mutable {
      if (entered == id) act();
    }});
  }
  /// In the first promise_resolve of any promise.
  static Meddler in_promise_resolve(Act act) {
    return Meddler({.promise_resolve = [act = once(std::move(act))](AsyncId) mutable { act(); }});
  }

 private:
  explicit Meddler(HookCallbacks callbacks) : hook_(std::move(callbacks)) { hook_.enable(); }
  static std::function<void()> once(Act act) {
    return [act = std::move(act), done = false]() mutable {
      if (!std::exchange(done, true)) act();
    };
  }

  AsyncHook hook_;
};

}  // namespace contrail
