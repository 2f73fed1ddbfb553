#pragma once

#include "contrail/async_hook.h"

namespace contrail::bench {

/// Hears every event and does nothing about it: what is left is the price of telling. Or does not
/// hear any.
class Listener {
 public:
  explicit Listener(bool hears) {
    if (hears) hook_.enable();
  }

 private:
  AsyncHook hook_{{
      .init = [](const ResourceInfo&) {},
      .before = [](AsyncId) {},
      .after = [](AsyncId) {},
      .destroy = [](AsyncId) {},
      .promise_resolve = [](AsyncId) {},
  }};
};

}  // namespace contrail::bench
