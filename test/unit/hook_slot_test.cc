#include "contrail/hook_slot.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/async_resource.h"
#include "contrail/execution.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/tcp.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class HookSlots : public LoopTest {
 protected:
  /// Notes the id of every resource with it.
  AsyncHook numbering() {
    return AsyncHook({.init = [this](const ResourceInfo& made) { ids.emplace(made.async_id); }});
  }

  HookSlot<AsyncId> ids;
};

TEST_F(HookSlots, keep_what_init_noted_for_every_later_event) {
  std::vector<AsyncId> heard;
  const auto check = [&](AsyncId id) {
    ASSERT_TRUE(ids.get());
    EXPECT_EQ(*ids.get(), id);
    heard.push_back(id);
  };
  AsyncHook hook({.init = [&](const ResourceInfo& made) { ids.emplace(made.async_id); },
                  .before = check,
                  .after = check,
                  .destroy = check,
                  .promise_resolve = check});
  hook.enable();
  set_timeout([] {}, 1ms);
  Promise<int>::resolve(1).then([](int) {}).detach();
  next_tick([] {});
  loop().run();
  EXPECT_EQ(heard.size(), 12u);
}

TEST_F(HookSlots, know_nothing_of_resources_older_than_they) {
  AsyncHook earlier = numbering();
  earlier.enable();
  AsyncResource older("Older");
  HookSlot<AsyncId> younger;
  bool heard = false;
  AsyncHook hook({.before = [&](AsyncId) {
    heard = true;
    EXPECT_FALSE(younger.get());
    EXPECT_FALSE(younger.emplace(1)) << "there is no room for it";
  }});
  hook.enable();
  older.run_in_async_scope([] {});
  EXPECT_TRUE(heard);
}

TEST_F(HookSlots, are_empty_until_they_are_filled) {
  HookSlot<AsyncId> other;
  AsyncHook hook = numbering();
  hook.enable();
  AsyncResource resource("Thing");
  AsyncHook reader({.before = [&](AsyncId id) {
    EXPECT_FALSE(other.get());
    EXPECT_EQ(*ids.get(), id);
    EXPECT_EQ(*other.emplace(7), 7u) << "there is room";
  }});
  reader.enable();
  resource.run_in_async_scope([&] { EXPECT_EQ(*other.of_running(), 7u); });
}

TEST_F(HookSlots, tell_what_was_noted_about_the_trigger) {
  std::vector<AsyncId> triggers;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (const AsyncId* noted = ids.of_trigger()) {
      EXPECT_EQ(*noted, made.trigger_async_id);
      triggers.push_back(*noted);
    }
    ids.emplace(made.async_id);
  }});
  hook.enable();
  AsyncResource outer("Outer");
  outer.run_in_async_scope([] {
    AsyncResource inner("Inner");
    inner.run_in_async_scope([] { AsyncResource innermost("Innermost"); });
  });
  EXPECT_EQ(triggers, (std::vector{outer.async_id(), outer.async_id() + 1}));
}

TEST_F(HookSlots, tell_what_was_noted_about_a_trigger_named_by_the_options) {
  AsyncHook hook = numbering();
  hook.enable();
  AsyncResource cause("Cause");
  std::optional<AsyncId> noted;
  AsyncHook reader({.init = [&](const ResourceInfo&) { noted = *ids.of_trigger(); }});
  reader.enable();
  AsyncResource effect("Effect", {.trigger = &cause});
  EXPECT_EQ(noted, cause.async_id());
  EXPECT_EQ(effect.trigger_async_id(), cause.async_id());
}

TEST_F(HookSlots, tell_what_was_noted_about_the_promise_that_another_derives_from) {
  AsyncHook hook = numbering();
  hook.enable();
  std::vector<AsyncId> noted;
  AsyncHook reader({.init = [&](const ResourceInfo& made) {
    EXPECT_EQ(made.type, "PROMISE");
    if (ids.of_trigger()) noted.push_back(*ids.of_trigger());
  }});
  reader.enable();
  auto first = Promise<>::resolve();
  const auto second = first.then([] {});
  EXPECT_EQ(noted, std::vector{first.async_id()});
}

TEST_F(HookSlots, connect_an_accepted_socket_with_its_server) {
  AsyncHook hook = numbering();
  hook.enable();
  std::optional<AsyncId> noted;
  AsyncHook reader({.init = [&](const ResourceInfo& made) {
    const auto* details = made.details.as<TcpSocket::Details>();
    if (details && details->accepted && ids.of_trigger()) noted = *ids.of_trigger();
  }});
  reader.enable();
  std::optional<TcpServer> server;
  AsyncId its_id = 0;
  server.emplace([&](TcpSocket) { server.reset(); });
  server->listen(SocketAddress::loopback());
  its_id = server->async_id();
  TcpSocket::connect(server->address(), [](const Result<TcpSocket>&) {});
  loop().run();
  EXPECT_EQ(noted, its_id);
}

TEST_F(HookSlots, are_sixteen_for_a_loop) {
  std::vector<std::unique_ptr<HookSlot<int>>> more;
  for (int i = 0; i < 15; ++i) more.push_back(std::make_unique<HookSlot<int>>());
  EXPECT_THROW(HookSlot<int>(), std::length_error);
  more.pop_back();
  HookSlot<int> again;
}

TEST_F(HookSlots, do_not_inherit_what_an_earlier_tracer_noted_in_the_same_place) {
  std::optional<HookSlot<AsyncId>> first(std::in_place);
  AsyncHook hook({.init = [&](const ResourceInfo&) { first->emplace(5); }});
  hook.enable();
  AsyncResource resource("Thing");
  hook.disable();
  first.reset();
  HookSlot<AsyncId> second;
  bool heard = false;
  AsyncHook reader({.before = [&](AsyncId) {
    heard = true;
    EXPECT_FALSE(second.get());
  }});
  reader.enable();
  resource.run_in_async_scope([] {});
  EXPECT_TRUE(heard);
}

TEST_F(HookSlots, go_along_when_a_resource_is_moved_and_stay_until_its_destroy) {
  AsyncId destroyed = 0;
  AsyncHook hook({.init = [&](const ResourceInfo& made) { ids.emplace(made.async_id); },
                  .destroy = [&](AsyncId) { destroyed = *ids.get(); }});
  hook.enable();
  AsyncId id = 0;
  {
    AsyncResource first("Thing");
    AsyncResource second(std::move(first));
    id = second.async_id();
    second.run_in_async_scope([&] { EXPECT_EQ(*ids.of_running(), id); });
  }
  loop().run();
  EXPECT_EQ(destroyed, id);
}

TEST_F(HookSlots, are_read_in_the_after_of_a_resource_that_died_in_its_callback) {
  AsyncId noted = 0;
  AsyncHook hook({.init = [&](const ResourceInfo& made) { ids.emplace(made.async_id); },
                  .after = [&](AsyncId) { noted = *ids.get(); }});
  hook.enable();
  const int details = 1;
  auto resource =
      std::make_unique<AsyncResource>("Thing", ResourceOptions{.details = AnyRef::to(details)});
  const AsyncId id = resource->async_id();
  resource->run_in_async_scope([&] {
    resource.reset();
    EXPECT_FALSE(execution_async_resource().details) << "these are gone at once";
  });
  EXPECT_EQ(noted, id);
}

TEST_F(HookSlots, are_empty_once_they_are_erased) {
  AsyncHook hook({.init = [&](const ResourceInfo& made) { ids.emplace(made.async_id); },
                  .before = [&](AsyncId) { ids.erase(); },
                  .after = [&](AsyncId) { EXPECT_FALSE(ids.get()); }});
  hook.enable();
  AsyncResource("Thing").run_in_async_scope([] {});
}

TEST_F(HookSlots, are_empty_in_an_after_that_comes_later_than_the_destroy) {
  bool heard = false;
  AsyncHook hook({.init = [&](const ResourceInfo& made) { ids.emplace(made.async_id); },
                  .after =
                      [&](AsyncId) {
                        heard = true;
                        EXPECT_FALSE(ids.get());
                      }});
  auto resource = std::make_unique<AsyncResource>("Older");
  hook.enable();
  resource = std::make_unique<AsyncResource>("Thing");
  resource->run_in_async_scope([&] {
    resource.reset();
    loop().run();
    EXPECT_FALSE(ids.of_running());
  });
  EXPECT_TRUE(heard);
}

TEST_F(HookSlots, do_not_hide_the_details_of_a_resource) {
  AsyncHook hook = numbering();
  hook.enable();
  const int details = 42;
  AsyncResource resource("Thing", {.details = AnyRef::to(details)});
  resource.run_in_async_scope(
      [&] { EXPECT_EQ(execution_async_resource().details.as<int>(), &details); });
}

TEST_F(HookSlots, know_nothing_inside_a_function_bound_to_a_resource_that_may_be_gone) {
  AsyncHook hook = numbering();
  hook.enable();
  std::optional<AsyncResource> resource("Thing");
  const AsyncId id = resource->async_id();
  auto bound = resource->bind([&] {
    EXPECT_EQ(execution_async_id(), id);
    EXPECT_FALSE(ids.of_running());
  });
  resource.reset();
  loop().run();
  bound();
}

TEST_F(HookSlots, start_anew_for_a_resource_that_is_started_again) {
  std::vector<AsyncId> destroyed;
  AsyncHook hook({.init = [&](const ResourceInfo& made) { ids.emplace(made.async_id); },
                  .destroy =
                      [&](AsyncId id) {
                        ASSERT_TRUE(ids.get());
                        EXPECT_EQ(*ids.get(), id);
                        destroyed.push_back(id);
                      }});
  hook.enable();
  Timeout timer = set_timeout([] {}, 1ms);
  loop().run();
  timer.refresh();
  loop().run();
  EXPECT_EQ(destroyed.size(), 2u);
}

TEST(HookSlotsOfALoop, may_outlive_it) {
  std::optional<Loop> loop(std::in_place);
  std::optional<HookSlot<int>> slot(std::in_place);
  AsyncHook hook({.init = [&](const ResourceInfo&) { slot->emplace(1); }});
  hook.enable();
  AsyncResource resource("Thing");
  loop.reset();
  EXPECT_FALSE(slot->get());
  Loop another;
  HookSlot<int> of_another;
  slot.reset();
  EXPECT_FALSE(of_another.of_running());
}

TEST(HookSlotsOfALoop, take_nothing_from_a_later_one) {
  std::optional<Loop> loop(std::in_place);
  const HookSlot<int> taken;
  std::optional<HookSlot<int>> slot(std::in_place);
  loop.reset();
  Loop another;
  HookSlot<int> of_another;
  int heard = 0;
  AsyncHook hook({.init = [&](const ResourceInfo&) {
    of_another.emplace(7);
    EXPECT_FALSE(slot->emplace(1));
    EXPECT_FALSE(slot->get());
    EXPECT_EQ(*of_another.get(), 7);
    ++heard;
  }});
  hook.enable();
  AsyncResource{"Thing"};
  EXPECT_EQ(heard, 1);
}

TEST(HookSlotsOfALoop, need_one) {
  EXPECT_EXIT(HookSlot<int>(), ::testing::KilledBySignal(SIGABRT), "no Loop on this thread");
}

}  // namespace
}  // namespace contrail
