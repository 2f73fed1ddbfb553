// What one listener that does nothing adds to what it listens to. Each pair differs in the listener
// only, so the event costs the difference.

#include <functional>

#include "bench/surroundings.h"
#include "contrail/async_hook.h"
#include "contrail/promise.h"

namespace contrail::bench {
namespace {

constexpr ResourceType query_type{"QUERY"};

HookCallbacks on_init() {
  return {.init = [](const ResourceInfo& info) { benchmark::DoNotOptimize(info.async_id); }};
}
HookCallbacks on_id(Function<void(AsyncId)> HookCallbacks::*event) {
  HookCallbacks callbacks;
  callbacks.*event = [](AsyncId id) { benchmark::DoNotOptimize(id); };
  return callbacks;
}

void create(benchmark::State& state, HookCallbacks callbacks) {
  Surroundings surroundings(0);
  AsyncHook hook(std::move(callbacks));
  hook.enable();
  for (auto _ : state) {
    AsyncResource resource(query_type);
    benchmark::DoNotOptimize(resource);
  }
  count_operations(state);
}
BENCHMARK_CAPTURE(create, unheard, {});
BENCHMARK_CAPTURE(create, init, on_init());

void scope(benchmark::State& state, HookCallbacks callbacks) {
  Surroundings surroundings(0);
  AsyncHook hook(std::move(callbacks));
  hook.enable();
  AsyncResource resource(query_type);
  for (auto _ : state) resource.run_in_async_scope([] { benchmark::ClobberMemory(); });
  count_operations(state);
}
BENCHMARK_CAPTURE(scope, unheard, {});
BENCHMARK_CAPTURE(scope, before, on_id(&HookCallbacks::before));
BENCHMARK_CAPTURE(scope, after, on_id(&HookCallbacks::after));

/// Destroys are queued, and delivered by the loop.
void destroy(benchmark::State& state, HookCallbacks callbacks) {
  Surroundings surroundings(0);
  AsyncHook hook(std::move(callbacks));
  hook.enable();
  auto keep_alive = surroundings.loop.keep_alive();
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      AsyncResource resource(query_type);
      benchmark::DoNotOptimize(resource);
    }
    surroundings.loop.run_nowait();
  }
  count_operations(state, batch);
}
BENCHMARK_CAPTURE(destroy, unheard, {});
BENCHMARK_CAPTURE(destroy, heard, on_id(&HookCallbacks::destroy));

/// Both number the promise: the first because of a listener to something that never happens.
void settle(benchmark::State& state, HookCallbacks callbacks) {
  Surroundings surroundings(0);
  AsyncHook hook(std::move(callbacks));
  hook.enable();
  for (auto _ : state) {
    auto promise = Promise<int>::resolve(1);
    benchmark::DoNotOptimize(promise);
  }
  count_operations(state);
}
BENCHMARK_CAPTURE(settle, unheard, {});
BENCHMARK_CAPTURE(settle, heard, on_id(&HookCallbacks::promise_resolve));

void listener_bare(benchmark::State& state) {
  std::function<void(AsyncId)> listener = [](AsyncId id) { benchmark::DoNotOptimize(id); };
  benchmark::DoNotOptimize(listener);
  for (auto _ : state) listener(1);
  count_operations(state);
}
BENCHMARK(listener_bare);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
