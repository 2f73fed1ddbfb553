// A tracer of your own: for each route of a server, how long its work waited, and how long it ran.

#include <contrail/contrail.h>
#include <fmt/core.h>

#include <map>
#include <string>

using namespace contrail;
using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

class RequestProfiler {
 public:
  struct Times {
    std::chrono::nanoseconds waited{};
    std::chrono::nanoseconds ran{};
  };

  explicit RequestProfiler(const AsyncLocalStorage<std::string>& route) : route_(route) {
    hook_.enable();
  }
  const std::map<std::string, Times>& times() const { return times_; }

 private:
  struct Note {
    Times* of_route;
    Time since;  ///< It waits, or runs.
  };

  void init() {
    const std::string* route = route_.get_store();
    if (route) notes_.emplace({&times_[*route], event_time()});
  }
  void end(std::chrono::nanoseconds Times::*what) {
    Note* note = notes_.get();
    if (!note) return;  // Older than this, or of no route.
    note->of_route->*what += event_time() - note->since;
    note->since = event_time();
  }

  const AsyncLocalStorage<std::string>& route_;
  std::map<std::string, Times> times_;
  HookSlot<Note> notes_;
  AsyncHook hook_{{.init = [this](const ResourceInfo&) { init(); },
                   .before = [this](AsyncId) { end(&Times::waited); },
                   .after = [this](AsyncId) { end(&Times::ran); }}};
};

void compute(std::chrono::milliseconds time) {
  const Time end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) continue;
}

int main() {
  Loop loop;
  AsyncLocalStorage<std::string> route;
  RequestProfiler profiler(route);

  route.run("/report", [] { set_immediate([] { compute(20ms); }); });
  route.run("/lookup", [] { set_timeout([] {}, 40ms); });
  loop.run();

  for (const auto& [name, times] : profiler.times()) {
    if (times.waited > 35ms) fmt::print("{} waits\n", name);
    if (times.ran >= 20ms) fmt::print("{} computes\n", name);
  }
}
