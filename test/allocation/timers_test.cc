// Timers when memory is short. LeakSanitizer sees what is lost.

#include "contrail/timers.h"
#include "failing_new.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class TimersWithoutMemory : public LoopTest {
 protected:
  TimersWithoutMemory() { close_ledger(); }

  /// Whether a timer of each delay fires as ever.
  void expect_timers_work() {
    int fired = 0;
    for (auto delay : {7ms, 8ms, 9ms}) set_timeout([&] { ++fired; }, delay);
    set_timeout([] {}, 7ms).clear();
    loop().run();
    EXPECT_EQ(fired, 3);
  }
};

TEST_F(TimersWithoutMemory, that_cannot_be_made_leave_nothing_behind) {
  with_each_allocation_failing([] { set_timeout([] {}, 7ms); },
                               [&](bool) { expect_timers_work(); });
}

TEST_F(TimersWithoutMemory, that_cannot_be_made_do_not_keep_the_loop_alive) {
  Timeout other = set_timeout([] {}, 1h).unref();
  with_each_allocation_failing([] { set_timeout([] {}, 7ms).unref(); },
                               [&](bool) { EXPECT_FALSE(loop().run_nowait()); });
  other.clear();
}

TEST_F(TimersWithoutMemory, that_have_fired_and_cannot_be_refreshed_may_be_refreshed_later) {
  int fired = 0;
  Timeout timer = set_timeout([&] { ++fired; }, 3ms);
  loop().run();
  fired = 0;
  with_each_allocation_failing([&] { timer.refresh(); }, [&](bool) { loop().run(); });
  EXPECT_GE(fired, 1);
}

}  // namespace
}  // namespace contrail
