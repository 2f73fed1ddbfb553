// What a hook may do to the timer that it hears of.

#include "contrail/testing/hook_recorder.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

class TimerEvents : public LoopTest {
 protected:
  /// Refreshes a timer that has fired, with a hook that does `act` when it hears of the new one.
  template <class F>
  void refresh_with_init(F act) {
    timer = set_timeout([this] { ++fired; }, 1ms);
    loop().run();
    bool done = false;
    AsyncHook hook({.init = [&](const ResourceInfo&) {
      if (!std::exchange(done, true)) act();
    }});
    hook.enable();
    timer.refresh();
    loop().run();
    recorder.stop();
  }

  testing::HookRecorder recorder{{"Timeout"}};
  Timeout timer;
  int fired = 0;
};

TEST_F(TimerEvents, init_after_refresh_may_clear_the_timer) {
  refresh_with_init([this] { timer.clear(); });
  EXPECT_EQ(fired, 1);
  EXPECT_THAT(recorder.violations(), IsEmpty());
  EXPECT_THAT(recorder.alive(), IsEmpty());
}

TEST_F(TimerEvents, init_after_refresh_may_refresh_the_timer) {
  refresh_with_init([this] { timer.refresh(); });
  EXPECT_EQ(fired, 2);
  EXPECT_THAT(recorder.violations(), IsEmpty());
  EXPECT_THAT(recorder.alive(), IsEmpty());
}

TEST_F(TimerEvents, init_after_refresh_may_drop_the_last_ticket) {
  refresh_with_init([this] { timer = {}; });
  EXPECT_EQ(fired, 2);
  EXPECT_THAT(recorder.violations(), IsEmpty());
  EXPECT_THAT(recorder.alive(), IsEmpty());
}

TEST_F(TimerEvents, init_after_refresh_may_unref_the_timer) {
  refresh_with_init([this] { timer.unref(); });
  EXPECT_EQ(fired, 1);
  timer.clear();
  loop().run();
  EXPECT_FALSE(loop().run_nowait());
}

}  // namespace
}  // namespace contrail
