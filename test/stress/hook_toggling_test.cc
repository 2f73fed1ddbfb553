// Hooks that are enabled and disabled at random, from inside hooks and callbacks, against a model
// of who must hear what.

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

/// Who is enabled, by Node's rule: during an event changes are made to a copy, which counts once
/// the outermost event is over.
class EnabledModel {
 public:
  void toggle(int hook) {
    std::vector<int>& list = edit();
    const auto found = std::find(list.begin(), list.end(), hook);
    found == list.end() ? list.push_back(hook) : void(list.erase(found));
  }
  bool will_be_enabled(int hook) {
    const std::vector<int>& list = changed_ ? next_ : active_;
    return std::find(list.begin(), list.end(), hook) != list.end();
  }
  const std::vector<int>& begin_event() { return ++depth_, active_; }
  void end_event() {
    if (--depth_ == 0 && std::exchange(changed_, false)) active_ = next_;
  }

 private:
  std::vector<int>& edit() {
    if (depth_ == 0) return active_;
    if (!std::exchange(changed_, true)) next_ = active_;
    return next_;
  }
  std::vector<int> active_, next_;
  bool changed_ = false;
  int depth_ = 0;
};

class HookToggling : public LoopTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  static constexpr int count = 6;

  HookToggling() : random(GetParam()) {
    for (int i = 0; i < count; ++i) hooks.push_back(make_hook(i));
  }
  std::unique_ptr<AsyncHook> make_hook(int i) {
    return std::make_unique<AsyncHook>(
        HookCallbacks{.init = [this, i](const ResourceInfo&) { hear(i); },
                      .before = [this, i](AsyncId) { hear(i); },
                      .after = [this, i](AsyncId) { hear(i); }});
  }
  void hear(int hook) {
    heard.back().push_back(hook);
    act();
  }
  /// Something random: mostly nothing, sometimes a toggle, sometimes an event of its own.
  void act() {
    switch (random() % 6) {
      case 0: return toggle(static_cast<int>(random() % count));
      case 1: return budget-- > 0 ? live() : void();
      default: return;
    }
  }
  void toggle(int hook) {
    model.will_be_enabled(hook) ? hooks[static_cast<std::size_t>(hook)]->disable()
                                : hooks[static_cast<std::size_t>(hook)]->enable();
    model.toggle(hook);
  }
  void begin() {
    expected.push_back(model.begin_event());
    heard.emplace_back();
  }
  void end() {
    EXPECT_EQ(heard.back(), expected.back());
    model.end_event();
    expected.pop_back();
    heard.pop_back();
    ++events;
  }
  /// A resource that is made and entered: three events.
  void live() {
    begin();
    AsyncResource resource("Thing");
    end();
    begin();
    resource.run_in_async_scope([&] {
      end();
      act();
      begin();
    });
    end();
  }

  std::mt19937 random;
  EnabledModel model;
  std::vector<std::unique_ptr<AsyncHook>> hooks;
  std::vector<std::vector<int>> expected, heard;
  int budget = 0;
  int events = 0;
};

TEST_P(HookToggling, reaches_exactly_those_who_were_enabled_when_the_outermost_event_began) {
  for (int i = 0; i < 2000; ++i) {
    budget = 20;
    live();
    act();
  }
  EXPECT_GT(events, 6000);
}

TEST_P(HookToggling, in_callbacks_of_all_kinds_breaks_nothing) {
  int calls = 0;
  auto toggle_some = [&] {
    ++calls;
    for (int i = 0; i < 3; ++i) {
      AsyncHook& hook = *hooks[random() % count];
      random() % 2 ? hook.enable() : hook.disable();
    }
  };
  hooks.clear();
  for (int i = 0; i < count; ++i) {
    hooks.push_back(std::make_unique<AsyncHook>(HookCallbacks{
        .init = [&](const ResourceInfo&) { toggle_some(); },
        .before = [&](AsyncId) { toggle_some(); },
        .after = [&](AsyncId) { toggle_some(); },
        .destroy = [&](AsyncId) { toggle_some(); },
        .promise_resolve =
            random() % 2 ? Function<void(AsyncId)>([&](AsyncId) { toggle_some(); }) : nullptr}));
  }
  for (int i = 0; i < 300; ++i) {
    set_immediate(toggle_some);
    next_tick(toggle_some);
    queue_microtask(toggle_some);
    set_timeout(toggle_some);
    Promise<>::resolve().then(toggle_some).then(toggle_some).detach();
  }
  loop().run();
  EXPECT_GE(calls, 6 * 300);
}

TEST_P(HookToggling, may_destroy_hooks_and_make_others_inside_them) {
  struct Replacing {
    void hear() {
      const std::size_t i = random() % hooks.size();
      if (random() % 3 == 0) hooks[i] = make();
    }
    std::unique_ptr<AsyncHook> make() {
      auto hook =
          std::make_unique<AsyncHook>(HookCallbacks{.init = [this](const ResourceInfo&) { hear(); },
                                                    .after = [this](AsyncId) { hear(); },
                                                    .destroy = [this](AsyncId) { hear(); }});
      hook->enable();
      return hook;
    }
    std::mt19937 random;
    std::vector<std::unique_ptr<AsyncHook>> hooks = {};
  };
  hooks.clear();
  Replacing replacing{random};
  for (int i = 0; i < count; ++i) replacing.hooks.push_back(replacing.make());
  int ran = 0;
  for (int i = 0; i < 500; ++i) set_immediate([&] { ++ran; });
  loop().run();
  EXPECT_EQ(ran, 500);
}

INSTANTIATE_TEST_SUITE_P(Seeds, HookToggling, ::testing::Range(0u, 8u));

}  // namespace
}  // namespace contrail
