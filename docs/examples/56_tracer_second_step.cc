// The second step: remember something about every resource, and when it happened.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <algorithm>

using namespace contrail;
using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

class LongestWait {
 public:
  LongestWait() { hook_.enable(); }
  std::chrono::nanoseconds longest() const { return longest_; }

 private:
  void before() {
    if (const Time* made = made_at_.get()) longest_ = std::max(longest_, event_time() - *made);
  }

  std::chrono::nanoseconds longest_{};
  HookSlot<Time> made_at_;
  AsyncHook hook_{{.init = [this](const ResourceInfo&) { made_at_.emplace(event_time()); },
                   .before = [this](AsyncId) { before(); }}};
};

int main() {
  Loop loop;
  LongestWait wait;
  set_timeout([] {}, 5ms);
  set_timeout([] {}, 30ms);
  loop.run();
  fmt::print("something waited for more than 25 ms: {}\n", wait.longest() > 25ms);
}
