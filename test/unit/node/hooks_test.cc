// What Node's own tests say of hooks: whom they hear, and of switching them on and off.

#include <map>
#include <string>

#include "contrail/async_hook.h"
#include "contrail/async_resource.h"
#include "contrail/fs.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "lives.h"
#include "tcp_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

/// What one hook heard of each immediate, in their order.
class ImmediateCounter {
 public:
  std::string of(std::size_t number) const {
    const auto found = counts_.find(number);
    return found == counts_.end() ? "" : found->second;
  }
  AsyncHook hook{{
      .init = [this](const ResourceInfo& made) { add(made.async_id, '+'); },
      .before = [this](AsyncId id) { add(id, '>'), on_before(id); },
      .after = [this](AsyncId id) { add(id, '<'), on_after(id); },
      .destroy = [this](AsyncId id) { add(id, 'x'); },
  }};
  Function<void(AsyncId)> on_before = [](AsyncId) {};
  Function<void(AsyncId)> on_after = [](AsyncId) {};

 private:
  void add(AsyncId id, char event) { counts_[id] += event; }
  std::map<AsyncId, std::string> counts_;
};

class Hooks : public LoopTest {};

TEST_F(Hooks, switched_by_each_other_hear_exactly_what_follows) {
  ImmediateCounter first, second, third;
  AsyncId one = no_async_id, two = no_async_id;
  third.on_before = [&](AsyncId) { second.hook.enable(); };
  second.on_before = [&](AsyncId id) {
    if (id == two) first.hook.disable().disable();
  };
  third.on_after = [&](AsyncId id) {
    if (id == two) third.hook.disable();
  };
  first.hook.enable().enable();
  third.hook.enable();
  Immediate inner;
  Immediate outer = set_immediate([&] { two = (inner = set_immediate([] {})).async_id(); });
  one = outer.async_id();
  loop().run();
  EXPECT_EQ(first.of(one) + ' ' + first.of(two), "+><x +>");
  EXPECT_EQ(second.of(one) + ' ' + second.of(two), "<x +><x");
  EXPECT_EQ(third.of(one) + ' ' + third.of(two), "+><x +><");
}

TEST_F(Hooks, return_themselves_and_may_be_switched_twice) {
  int inits = 0, others = 0;
  auto other = [&](AsyncId) { ++others; };
  AsyncHook hook({.init = [&](const ResourceInfo&) { ++inits; },
                  .before = other,
                  .after = other,
                  .destroy = other});
  EXPECT_EQ(&hook.enable(), &hook);
  hook.enable();
  set_immediate([] {});
  EXPECT_EQ(&hook.disable(), &hook);
  hook.disable();
  set_immediate([] {});
  loop().run();
  EXPECT_EQ(inits, 1);
  EXPECT_EQ(others, 0);
}

TEST_F(Hooks, without_any_callback_make_a_microtask_a_resource) {
  close_ledger();
  auto id_in_microtask = [&] {
    AsyncId id = no_async_id;
    queue_microtask([&] { id = execution_async_id(); });
    loop().run();
    return id;
  };
  AsyncHook hook({});
  EXPECT_EQ(id_in_microtask(), no_async_id);
  hook.enable();
  EXPECT_NE(id_in_microtask(), no_async_id);
  hook.disable();
  EXPECT_EQ(id_in_microtask(), no_async_id);
}

TEST_F(Hooks, see_a_cleared_immediate_with_its_type_and_trigger) {
  std::string heard;
  AsyncId made = no_async_id;
  AsyncHook hook({.init =
                      [&](const ResourceInfo& info) {
                        made = info.async_id;
                        heard += fmt::format("{} by {} ", info.type, info.trigger_async_id);
                      },
                  .before = [&](AsyncId) { heard += "before "; },
                  .after = [&](AsyncId) { heard += "after "; },
                  .destroy = [&](AsyncId id) { heard += id == made ? "destroy" : "?"; }});
  hook.enable();
  clear_immediate(set_immediate([] {}));
  loop().run();
  EXPECT_EQ(heard, "Immediate by 1 destroy");
}

// --- Switched in an init, where a request is made in that of another.

class HooksOfRequests : public TcpTest {
 protected:
  static void request() { fs::stat("/", ignore); }
  int outer = 0, inner = 0;
};

TEST_F(HooksOfRequests, disabled_in_an_init_hear_it_and_that_of_a_nested_request) {
  AsyncHook second({.init = [&](const ResourceInfo&) { ++inner; }});
  AsyncHook first({.init = [&](const ResourceInfo&) {
    second.disable();
    if (++outer == 1) request();
  }});
  first.enable();
  second.enable();
  request();
  first.disable();
  loop().run();
  EXPECT_EQ(outer, 2);
  EXPECT_EQ(inner, 2);
}

TEST_F(HooksOfRequests, enabled_in_an_init_hear_neither_it_nor_that_of_a_nested_request) {
  AsyncHook second({.init = [&](const ResourceInfo&) { ++inner; }});
  AsyncHook first({.init = [&](const ResourceInfo&) {
    second.enable();
    if (++outer == 1) request();
  }});
  first.enable();
  request();
  first.disable();
  EXPECT_EQ(outer, 2);
  EXPECT_EQ(inner, 0);
  loop().run();
}

TEST_F(HooksOfRequests, enabled_in_every_init_hear_all_but_the_first) {
  AsyncHook second({.init = [&](const ResourceInfo&) { ++inner; }});
  AsyncHook first({.init = [&](const ResourceInfo&) {
    ++outer;
    second.enable();
  }});
  first.enable();
  fs::stat("/", [&](auto) { request(); });
  loop().run();
  EXPECT_EQ(outer, 2);
  EXPECT_EQ(inner, 1);
}

TEST_F(HooksOfRequests, find_the_resource_of_init_running_in_before_and_after) {
  std::map<AsyncId, AnyRef> made;
  auto check = [&](AsyncId id) {
    const ResourceInfo running = execution_async_resource();
    EXPECT_EQ(running.async_id, id);
    EXPECT_EQ(running.details.object(), made.at(id).object());
  };
  AsyncHook hook({.init =
                      [&](const ResourceInfo& info) {
                        EXPECT_TRUE(made.emplace(info.async_id, info.details).second);
                      },
                  .before = check,
                  .after = check});
  hook.enable();
  const int details = 42;
  AsyncResource resource("Thing", {.details = AnyRef::to(details)});
  resource.run_in_async_scope([&] { check(resource.async_id()); });
  next_tick([] {});
  fs::read_file("/proc/self/status", ignore);
  loop().run();
  EXPECT_GE(made.size(), 3u);
}

TEST_F(HooksOfRequests, see_one_request_of_a_stat) {
  Lives lives({"FSREQCALLBACK"});
  fs::stat("/", [&](auto) { EXPECT_EQ(lives.of("FSREQCALLBACK"), "1/1/0/0"); });
  loop().run();
  EXPECT_EQ(lives.count("FSREQCALLBACK"), 1u);
  EXPECT_EQ(lives.of("FSREQCALLBACK"), "1/1/1/1");
}

TEST_F(HooksOfRequests, see_one_request_of_a_whole_file_that_is_read) {
  Lives lives({"FSREQCALLBACK"});
  fs::read_file("/proc/self/status",
                [&](auto) { EXPECT_EQ(lives.of("FSREQCALLBACK"), "1/1/0/0"); });
  loop().run();
  EXPECT_THAT(lives.graph(), ::testing::ElementsAre("FSREQCALLBACK:1 by root"));
  EXPECT_EQ(lives.of("FSREQCALLBACK"), "1/1/1/1");
}

}  // namespace
}  // namespace contrail
