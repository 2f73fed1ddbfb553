// What tracers add to the work they watch. Each kind of work is measured with hooks off, with a
// listener that does nothing but look at the clock, and with each tracer. The work is done in a
// callback, as most is, where all that is made at one time shares one reading of the clock.

#include <unistd.h>

#include <filesystem>
#include <string>

#include "bench/surroundings.h"
#include "contrail/async_hook.h"
#include "contrail/event_time.h"
#include "contrail/hooks/flight_recorder.h"
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
