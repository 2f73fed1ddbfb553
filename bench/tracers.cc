// What tracers add to the work they watch. Each kind of work is measured with hooks off, with a
// listener that does nothing but look at the clock, and with each tracer. The work is done in a
// callback, as most is, where all that is made at one time shares one reading of the clock.

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "bench/surroundings.h"
#include "contrail/async_hook.h"
#include "contrail/event_time.h"
#include "contrail/hooks/async_stack.h"
#include "contrail/hooks/chrome_trace.h"
#include "contrail/hooks/context_loss.h"
#include "contrail/hooks/event_log.h"
#include "contrail/hooks/flight_recorder.h"
#include "contrail/hooks/leak_detector.h"
#include "contrail/hooks/metrics.h"
#include "contrail/hooks/trigger_graph.h"
#include "contrail/promise.h"

namespace contrail::bench {
namespace {

constexpr ResourceType handler_type{"HANDLER"};
constexpr ResourceType query_type{"QUERY"};

/// No tracer.
struct Unwatched {};

/// Hears everything and asks what time it is: what no tracer can be cheaper than.
class Listening {
 public:
  Listening() { hook_.enable(); }

 private:
  static void look_at_the_clock() { benchmark::DoNotOptimize(event_time()); }

  AsyncHook hook_{{
      .init = [](const ResourceInfo&) { look_at_the_clock(); },
      .before = [](AsyncId) { look_at_the_clock(); },
      .after = [](AsyncId) { look_at_the_clock(); },
      .destroy = [](AsyncId) { look_at_the_clock(); },
      .promise_resolve = [](AsyncId) { look_at_the_clock(); },
  }};
};

class Flight {
 public:
  ~Flight() { std::filesystem::remove(path_); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("bench-" + std::to_string(::getpid()) + ".flight");
  hooks::FlightRecorder recorder_{path_};
};

/// One that writes every event, to nowhere.
class Log {
 public:
  ~Log() { std::fclose(nowhere_); }

 private:
  std::FILE* nowhere_ = std::fopen("/dev/null", "w");
  hooks::EventLog log_{nowhere_};
};

/// Until its file is full, then counting what it drops: what a long run costs.
class Chrome {
 public:
  ~Chrome() { std::filesystem::remove(path_); }

 private:
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("bench-" + std::to_string(::getpid()) + ".json");
  hooks::ChromeTrace trace_{path_, {.max_events = 10'000'000}};
};

struct All {
  Log log;
  Flight flight;
  Chrome chrome;
  hooks::Metrics metrics;
  hooks::TriggerGraph graph;
  hooks::LeakDetector leaks;
  hooks::ContextLoss loss;
  hooks::AsyncStack stack;
};

/// Four events: init, before, after, destroy.
template <class Tracer>
void resource(benchmark::State& state) {
  Surroundings surroundings(0);
  [[maybe_unused]] Tracer tracer;
  AsyncResource handler(handler_type);
  auto keep_alive = surroundings.loop.keep_alive();
  for (auto _ : state) {
    handler.run_in_async_scope([] {
      for (int i = 0; i < batch; ++i) {
        AsyncResource resource(query_type);
        resource.run_in_async_scope([] { benchmark::ClobberMemory(); });
      }
    });
    surroundings.loop.run_nowait();
  }
  count_operations(state, batch);
}
BENCHMARK_TEMPLATE(resource, Unwatched)->Name("resource/unwatched");
BENCHMARK_TEMPLATE(resource, Listening)->Name("resource/listener");
BENCHMARK_TEMPLATE(resource, Flight)->Name("resource/flight");
BENCHMARK_TEMPLATE(resource, hooks::Metrics)->Name("resource/metrics");
BENCHMARK_TEMPLATE(resource, hooks::TriggerGraph)->Name("resource/graph");
BENCHMARK_TEMPLATE(resource, hooks::LeakDetector)->Name("resource/leaks");
BENCHMARK_TEMPLATE(resource, hooks::ContextLoss)->Name("resource/loss");
BENCHMARK_TEMPLATE(resource, hooks::AsyncStack)->Name("resource/stack");
BENCHMARK_TEMPLATE(resource, Log)->Name("resource/log")->Iterations(100);
BENCHMARK_TEMPLATE(resource, Chrome)->Name("resource/chrome")->Iterations(100);
BENCHMARK_TEMPLATE(resource, All)->Name("resource/all")->Iterations(100);

/// Two promises: eight events.
template <class Tracer>
void then(benchmark::State& state) {
  Surroundings surroundings(0);
  [[maybe_unused]] Tracer tracer;
  AsyncResource handler(handler_type);
  auto keep_alive = surroundings.loop.keep_alive();
  for (auto _ : state) {
    handler.run_in_async_scope([] {
      for (int i = 0; i < batch; ++i) {
        Promise<int>::resolve(1).then([](int value) { return value; }).detach();
      }
    });
    surroundings.loop.run_nowait();
  }
  count_operations(state, batch);
}
BENCHMARK_TEMPLATE(then, Unwatched)->Name("then/unwatched");
BENCHMARK_TEMPLATE(then, Listening)->Name("then/listener");
BENCHMARK_TEMPLATE(then, Flight)->Name("then/flight");
BENCHMARK_TEMPLATE(then, hooks::Metrics)->Name("then/metrics");
BENCHMARK_TEMPLATE(then, hooks::TriggerGraph)->Name("then/graph");
BENCHMARK_TEMPLATE(then, hooks::LeakDetector)->Name("then/leaks");
BENCHMARK_TEMPLATE(then, hooks::ContextLoss)->Name("then/loss");
BENCHMARK_TEMPLATE(then, hooks::AsyncStack)->Name("then/stack");
BENCHMARK_TEMPLATE(then, Log)->Name("then/log")->Iterations(100);
BENCHMARK_TEMPLATE(then, Chrome)->Name("then/chrome")->Iterations(100);
BENCHMARK_TEMPLATE(then, All)->Name("then/all")->Iterations(100);

/// Two events: before and after.
template <class Tracer>
void scope(benchmark::State& state) {
  Surroundings surroundings(0);
  [[maybe_unused]] Tracer tracer;
  AsyncResource resource(query_type);
  for (auto _ : state) resource.run_in_async_scope([] { benchmark::ClobberMemory(); });
  count_operations(state);
}
BENCHMARK_TEMPLATE(scope, Unwatched)->Name("scope/unwatched");
BENCHMARK_TEMPLATE(scope, Listening)->Name("scope/listener");
BENCHMARK_TEMPLATE(scope, Flight)->Name("scope/flight");

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
