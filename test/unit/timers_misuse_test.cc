// What timers and immediates refuse, in one sentence, instead of corrupting anything.

#include <thread>

#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class TimersDeath : public LoopTest {};

TEST_F(TimersDeath, need_a_loop) {
  destroy_loop();
  EXPECT_DEATH(set_timeout([] {}), "there is no Loop on this thread");
  EXPECT_DEATH(set_interval([] {}, 1ms), "there is no Loop on this thread");
  EXPECT_DEATH(set_immediate([] {}), "there is no Loop on this thread");
}

TEST_F(TimersDeath, cannot_be_cleared_on_another_thread) {
  auto timeout = set_timeout([] {}, 1ms);
  auto immediate = set_immediate([] {});
  const auto* sentence = "a Loop was used on a thread other than the one that created it";
  auto clear = [](auto& ticket) {
    Loop other;
    ticket.clear();
  };
  EXPECT_DEATH(std::thread([&] { clear(timeout); }).join(), sentence);
  EXPECT_DEATH(std::thread([&] { clear(immediate); }).join(), sentence);
  EXPECT_DEATH(std::thread([&] { timeout.unref(); }).join(), sentence);
  loop().run();
}

}  // namespace
}  // namespace contrail
