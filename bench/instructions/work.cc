// The same work, built twice: as a program that knows nothing of tracers, and as one that includes
// them all, has had each, and ended it. compare.py counts the instructions of both.

#include <cstdlib>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"

#ifdef WITH_TRACERS
#include "contrail/hooks/chrome_trace.h"
#include "contrail/hooks/context_loss.h"
#include "contrail/hooks/event_log.h"
#include "contrail/hooks/leak_detector.h"
#include "contrail/hooks/metrics.h"
#include "contrail/hooks/probes.h"
#include "contrail/hooks/trigger_graph.h"
#endif

using namespace contrail;
using namespace std::chrono_literals;

namespace {

constexpr ResourceType part{"PART"};

void have_had_tracers() {
#ifdef WITH_TRACERS
  const hooks::EventLog log([](std::string_view) {});
  const hooks::ChromeTrace trace("/dev/shm/contrail_instructions.json");
  const hooks::TriggerGraph graph;
  const hooks::LeakDetector leaks;
  const hooks::ContextLoss loss;
  const hooks::Metrics metrics;
  const hooks::Probes probes;
  set_immediate([] {});
  Loop::current().run();
#endif
}

void work(AsyncLocalStorage<int>& storage, int round) {
  storage.run(round, [] {
    set_immediate([] { AsyncResource(part).run_in_async_scope([] {}); });
    next_tick([] { queue_microtask([] {}); });
    Promise<int>::resolve(1).then([](int) {}).detach();
    set_timeout([] {}, 1s).clear();
  });
}

}  // namespace

int main(int count, char** arguments) {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 1;
  Loop loop;
  have_had_tracers();
  AsyncLocalStorage<int> storage;
  for (int round = 0; round < rounds; ++round) {
    work(storage, round);
    if (round % 100 == 99) loop.run();
  }
  loop.run();
}
