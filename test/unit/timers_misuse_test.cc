// What timers and immediates refuse, in one sentence, instead of corrupting anything.

#include <unistd.h>

#include <stdexcept>
#include <string>
#include <thread>

#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace {

using namespace contrail;

/// As in a program that says `using namespace contrail`, where POSIX has a sleep() too.
template <class Delay>
concept CanSleep = requires(Delay delay) {
  sleep(delay);
};
static_assert(CanSleep<std::chrono::milliseconds> && CanSleep<std::chrono::hours>);
static_assert(!CanSleep<int> && !CanSleep<unsigned> && !CanSleep<long> && !CanSleep<char>);

}  // namespace

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
  const auto* sentence = "was used on a thread other than";
  auto clear = [](auto& ticket) {
    Loop other;
    ticket.clear();
  };
  EXPECT_DEATH(std::thread([&] { clear(timeout); }).join(), sentence);
  EXPECT_DEATH(std::thread([&] { clear(immediate); }).join(), sentence);
  EXPECT_DEATH(std::thread([&] { timeout.unref(); }).join(), sentence);
  loop().run();
}

using TimersMisuse = TimersDeath;

std::string refusal_of(void (*start)()) {
  try {
    start();
    return "none";
  } catch (const std::invalid_argument& refusal) {
    return refusal.what();
  }
}

TEST_F(TimersMisuse, an_empty_function_is_refused_by_what_should_call_it) {
  EXPECT_EQ(refusal_of([] { set_timeout({}, 1ms); }), "set_timeout: the function to call is empty");
  EXPECT_EQ(refusal_of([] { set_interval({}, 1ms); }),
            "set_interval: the function to call is empty");
  EXPECT_EQ(refusal_of([] { set_immediate({}); }), "set_immediate: the function to call is empty");
  EXPECT_EQ(refusal_of([] { next_tick({}); }), "next_tick: the function to call is empty");
  EXPECT_EQ(refusal_of([] { queue_microtask({}); }),
            "queue_microtask: the function to call is empty");
}

}  // namespace
}  // namespace contrail
