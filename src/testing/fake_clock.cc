#include "contrail/testing/fake_clock.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <stdexcept>

#include "contrail/detail/hot_line.h"
#include "contrail/detail/virtual_time.h"
#include "contrail/execution.h"

namespace contrail::inline v0::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// What was asked of libuv after it last looked at the system waits until it looks again.
constexpr milliseconds longest_wait = 10ms;

/// Far enough for every test, and a timer's delay short of what can be counted.
constexpr milliseconds latest = milliseconds::max() / 2;

void require_outside_callbacks() {
  if (execution_async_id() != root_async_id) {
    throw std::logic_error("FakeClock: it is made and moved outside the loop's callbacks");
  }
}

}  // namespace

FakeClock::FakeClock(FakeClockOptions options)
    : loop_(Loop::current()), environment_(detail::hot.environment), options_(options) {
  require_outside_callbacks();
  if (detail::has_virtual_time()) {
    throw std::logic_error("FakeClock: this Loop has one already, and can have only one at a time");
  }
  detail::set_virtual_time(0ms);
}

FakeClock::~FakeClock() {
  static_cast<void>(loop());
  if (moving_)
    detail::die("contrail: a FakeClock was destroyed inside a callback that it has called");
  detail::set_virtual_time(std::nullopt);
}

Loop& FakeClock::loop() const noexcept {
  if (detail::hot.environment != environment_)
    detail::die("contrail: a FakeClock was used after its Loop, or on another thread");
  return loop_;
}

/// While callbacks may be running on the clock's behalf.
class FakeClock::Moving {
 public:
  explicit Moving(FakeClock& clock) : clock_(clock) {
    static_cast<void>(clock_.loop());
    require_outside_callbacks();
    clock_.moving_ = true;
  }
  Moving(const Moving&) = delete;
  ~Moving() { clock_.moving_ = false; }

 private:
  FakeClock& clock_;
};

milliseconds FakeClock::now() const noexcept { return loop().now(); }

void FakeClock::advance(milliseconds duration) {
  const Moving moving(*this);
  if (duration < 0ms) throw std::invalid_argument("FakeClock: time does not go backwards");
  if (duration > latest - now())
    throw std::invalid_argument("FakeClock: that is later than it can count");
  const milliseconds target = now() + duration;
  loop().run_nowait();
  for (auto next = detail::next_wake_up(); next && *next <= target; next = detail::next_wake_up()) {
    fire_next();
    loop().run_nowait();
    detail::run_check_phase();
  }
  detail::set_virtual_time(target);
}

void FakeClock::run_until_idle() {
  const Moving moving(*this);
  for (std::size_t steps = 0;; ++steps) {
    run_io();
    if (!detail::timers_keep_loop_alive()) break;
    if (steps == options_.max_steps) {
      throw std::runtime_error(fmt::format(
          "FakeClock: still not idle after {} steps, at {} ms: an interval that nobody clears, or "
          "timers that start each other? Use advance().",
          steps, now().count()));
    }
    fire_next();
  }
}

/// As libuv does when it has waited for a timer: it ends that turn, then fires in the next.
void FakeClock::fire_next() {
  detail::set_virtual_time(std::max(now(), detail::next_wake_up().value()));
  detail::run_check_phase();
  detail::run_due_timers();
}

/// Turns of the loop, in real time, until it has nothing but timers.
void FakeClock::run_io() {
  milliseconds waited = 0ms;
  while (loop().run_nowait()) {
    if (detail::wait_for_loop(longest_wait)) {
      waited = 0ms;
    } else if ((waited += longest_wait) >= options_.patience) {
      throw std::runtime_error(fmt::format(
          "FakeClock: nothing came of the loop's I/O for {} ms{}. A server that is listening, or a "
          "peer that waits for a timer? Use advance().",
          waited.count(),
          detail::timers_keep_loop_alive() ? ", and timers are waiting for it" : ""));
    }
  }
  // What another thread has posted, and the last destroys; those before a timer are fire_next()'s.
  if (!detail::timers_keep_loop_alive()) loop().run();
}

}  // namespace contrail::inline v0::testing
