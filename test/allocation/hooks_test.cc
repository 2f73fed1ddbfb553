// Hooks when memory is short.

#include "contrail/async_hook.h"
#include "contrail/timers.h"
#include "failing_new.h"
#include "loop_test.h"

namespace contrail {
namespace {

class HooksWithoutMemory : public LoopTest {
 protected:
  HooksWithoutMemory() { close_ledger(); }
};

TEST_F(HooksWithoutMemory, that_cannot_be_enabled_leave_the_others_alone) {
  int heard = 0;
  AsyncHook other({.init = [&](const ResourceInfo&) { ++heard; }, .track_promises = false});
  other.enable();
  with_each_allocation_failing(
      [] {
        AsyncHook hook({.init = [](const ResourceInfo&) {}, .track_promises = false});
        hook.enable();
      },
      [&](bool) {
        set_immediate([] {});
        loop().run();
      });
  EXPECT_GT(heard, 1);
}

TEST_F(HooksWithoutMemory, are_enabled_or_are_not) {
  int heard = 0;
  AsyncHook hook({.init = [&](const ResourceInfo&) { ++heard; }, .track_promises = false});
  with_each_allocation_failing([&] { hook.enable(); },
                               [&](bool failed) {
                                 EXPECT_EQ(hook.enabled(), !failed);
                                 set_immediate([] {});
                                 loop().run();
                                 EXPECT_EQ(heard, failed ? 0 : 1);
                               });
}

}  // namespace
}  // namespace contrail
