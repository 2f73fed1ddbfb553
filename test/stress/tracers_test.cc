// Every tracer under load: ten million events in bounded memory, and tracers that are switched on
// and off at random, in the middle of whatever is going on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/hooks/async_stack.h"
#include "contrail/hooks/chrome_trace.h"
#include "contrail/hooks/context_loss.h"
#include "contrail/hooks/event_log.h"
#include "contrail/hooks/flight_recorder.h"
#include "contrail/hooks/leak_detector.h"
#include "contrail/hooks/loop_monitor.h"
#include "contrail/hooks/metrics.h"
#include "contrail/hooks/perfetto_trace.h"
#include "contrail/hooks/trigger_graph.h"
#include "contrail/loop.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/sampling.h"
#include "contrail/timers.h"
#include "sanitizers.h"
#include "temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

/// Work of all kinds, in contexts and without: about 40 events a round.
class Load {
 public:
  void round() {
    storage_.run(static_cast<int>(++rounds_), [&] {
      set_timeout([] {}, 1ms);
      next_tick([] { queue_microtask([] {}); });
      Promise<int>::resolve(1).then([](int) {}).detach();
      sleeper().detach();
    });
    set_immediate([] { AsyncResource("Part").run_in_async_scope([] {}); });
  }
  /// Rounds until the loop has seen so many events.
  void run(Loop& loop, std::uint64_t events) {
    constexpr std::uint64_t events_a_round = 40;
    for (std::uint64_t done = 0; done < events; done += 100 * events_a_round) {
      for (int i = 0; i < 100; ++i) round();
      loop.run();
    }
  }

 private:
  Promise<> sleeper() {
    co_await Promise<>::resolve();
    co_await sleep(1ms);
  }

  AsyncLocalStorage<int> storage_;
  std::uint64_t rounds_ = 0;
};

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  file >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// A tracer, and how it is switched.
struct Switched {
  std::function<void()> enable;
  std::function<void()> disable;
};

template <class Tracer>
Switched switched(std::shared_ptr<Tracer> tracer) {
  return {[tracer] { tracer->enable(); }, [tracer] { tracer->disable(); }};
}

using Make = std::function<Switched(const TempDir&)>;
struct Kind {
  std::string name;
  Make make;
};

const std::vector<Kind>& kinds() {
  static const std::vector<Kind> all = {
      {"EventLog",
       [](const TempDir&) {
         std::FILE* nowhere = std::fopen("/dev/null", "w");
         std::shared_ptr<std::FILE> closes(nowhere, [](std::FILE* file) { std::fclose(file); });
         auto log = std::make_shared<hooks::EventLog>(nowhere);
         return Switched{[log, closes] { log->enable(); }, [log, closes] { log->disable(); }};
       }},
      {"ChromeTrace",
       [](const TempDir& dir) {
         return switched(std::make_shared<hooks::ChromeTrace>(dir.path() / "trace.json"));
       }},
      {"PerfettoTrace",
       [](const TempDir& dir) {
         return switched(std::make_shared<hooks::PerfettoTrace>(dir.path() / "trace.perfetto"));
       }},
      {"TriggerGraph",
       [](const TempDir&) { return switched(std::make_shared<hooks::TriggerGraph>()); }},
      {"LeakDetector",
       [](const TempDir&) { return switched(std::make_shared<hooks::LeakDetector>()); }},
      {"ContextLoss",
       [](const TempDir&) { return switched(std::make_shared<hooks::ContextLoss>()); }},
      {"Metrics", [](const TempDir&) { return switched(std::make_shared<hooks::Metrics>()); }},
      {"FlightRecorder",
       [](const TempDir& dir) {
         return switched(std::make_shared<hooks::FlightRecorder>(dir.path() / "recording"));
       }},
      {"AsyncStack",
       [](const TempDir&) { return switched(std::make_shared<hooks::AsyncStack>()); }},
      {"LoopMonitor",
       [](const TempDir&) {
         return switched(std::make_shared<hooks::LoopMonitor>(
             hooks::LoopMonitorOptions{.on_slow = [](const hooks::SlowCallback&) {},
                                       .on_stuck = [](const hooks::StuckLoop&) {}}));
       }},
  };
  return all;
}

class EveryTracer : public ::testing::TestWithParam<Kind> {
 protected:
  TempDir dir;
  Loop loop;
};

TEST_P(EveryTracer, takes_ten_million_events_in_bounded_memory) {
  const std::uint64_t events = has_address_sanitizer ? 500'000 : 10'000'000;
  const Switched tracer = GetParam().make(dir);
  Load load;
  load.run(loop, events / 10);
  const std::size_t before = resident_bytes();
  load.run(loop, events - events / 10);
  if (has_address_sanitizer) return;  // Which keeps what was freed, for a while.
  EXPECT_LT(resident_bytes(), before + 16 * 1024 * 1024);
}

INSTANTIATE_TEST_SUITE_P(, EveryTracer, ::testing::ValuesIn(kinds()),
                         [](const auto& info) { return info.param.name; });

TEST(AllTracers, are_switched_at_random_under_load) {
  TempDir dir;
  Loop loop;
  std::vector<Switched> tracers;
  for (const Kind& kind : kinds()) tracers.push_back(kind.make(dir));
  std::mt19937 random(7);
  int toggles = 0;
  const auto toggle = [&] {
    const Switched& tracer = tracers[random() % tracers.size()];
    random() % 2 == 0 ? tracer.enable() : tracer.disable();
    ++toggles;
  };
  AsyncHook meddler({.init =
                         [&](const ResourceInfo&) {
                           if (random() % 16 == 0) toggle();
                         },
                     .before =
                         [&](AsyncId) {
                           if (random() % 16 == 0) toggle();
                         },
                     .after =
                         [&](AsyncId) {
                           if (random() % 16 == 0) toggle();
                         },
                     .destroy =
                         [&](AsyncId) {
                           if (random() % 16 == 0) toggle();
                         }});
  meddler.enable();
  Load load;
  while (toggles < 10'000) {
    set_timeout(toggle, 1ms);
    set_immediate([&] {
      toggle();
      run_sampled([&] { AsyncResource("Thing").run_in_async_scope(toggle); });
    });
    load.run(loop, 1);
  }
}

TEST(AllTracers, are_switched_from_another_thread) {
  TempDir dir;
  Loop loop;
  std::vector<Switched> tracers;
  for (const Kind& kind : kinds()) tracers.push_back(kind.make(dir));
  int left = 1000;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i) {
      loop.post([&, i] {
        const Switched& tracer = tracers[static_cast<std::size_t>(i) % tracers.size()];
        i / 10 % 2 == 0 ? tracer.disable() : tracer.enable();
        --left;
      });
    }
  });
  Load load;
  const auto hold = std::make_unique<Loop::KeepAlive>(loop.keep_alive());
  while (left > 0) {
    load.round();
    loop.run_nowait();
  }
  other.join();
}

}  // namespace
}  // namespace contrail
