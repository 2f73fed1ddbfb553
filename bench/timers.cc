// Timers: a million at once, and those that never fire, which is what most timeouts do.

#include "contrail/timers.h"

#include <uv.h>

#include "bench/listener.h"
#include "bench/raw_libuv/raw_libuv.h"
#include "bench/surroundings.h"

namespace contrail::bench {
namespace {

using std::chrono::milliseconds;

constexpr int crowd = 1'000'000;

/// Making them takes longer than they wait, so all are due when the loop runs.
void fire_a_crowd(benchmark::State& state, std::int64_t storages, bool heard) {
  Surroundings surroundings(storages);
  const Listener listener(heard);
  std::uint64_t fired = 0;
  for (auto _ : state) {
    for (int i = 0; i < crowd; ++i) set_timeout([&fired] { ++fired; }, milliseconds(1));
    surroundings.loop.run();
  }
  if (fired != static_cast<std::uint64_t>(state.iterations()) * crowd) state.SkipWithError("lost");
  count_operations(state, crowd);
}
void create_and_fire(benchmark::State& state) { fire_a_crowd(state, state.range(0), false); }
BENCHMARK(create_and_fire)
    ->ArgName("storages")
    ->Arg(0)
    ->Arg(1)
    ->Arg(8)
    ->Unit(benchmark::kMillisecond);
void create_and_fire_heard(benchmark::State& state) { fire_a_crowd(state, 0, true); }
BENCHMARK(create_and_fire_heard)->Unit(benchmark::kMillisecond);

void create_and_fire_by_thousands(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  std::uint64_t fired = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) set_timeout([&fired] { ++fired; }, milliseconds(1));
    surroundings.loop.run();
  }
  benchmark::DoNotOptimize(fired);
  count_operations(state, batch);
}
BENCHMARK(create_and_fire_by_thousands)->ArgName("storages")->Arg(0);

void create_and_clear(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  for (auto _ : state) {
    Timeout timeout = set_timeout([] {}, milliseconds(1000));
    timeout.clear();
  }
  count_operations(state);
}
BENCHMARK(create_and_clear)->ArgName("storages")->Arg(0)->Arg(1)->Arg(8);

/// Seven of ten delays that a busy server has pending at any time.
void create_and_clear_among_others(benchmark::State& state) {
  Surroundings surroundings(0);
  for (int i = 0; i < 1000; ++i) set_timeout([] {}, milliseconds(5000 + i % 10)).unref();
  int i = 0;
  for (auto _ : state) {
    Timeout timeout = set_timeout([] {}, milliseconds(5000 + ++i % 7));
    timeout.clear();
  }
  count_operations(state);
}
BENCHMARK(create_and_clear_among_others);

void create_and_fire_bare(benchmark::State& state) {
  RawTimers* timers = raw_timers_open();
  for (auto _ : state) raw_timers_fire(timers, crowd);
  raw_timers_close(timers);
  count_operations(state, crowd);
}
BENCHMARK(create_and_fire_bare)->Unit(benchmark::kMillisecond);

void create_and_clear_bare(benchmark::State& state) {
  RawTimers* timers = raw_timers_open();
  for (auto _ : state) raw_timers_clear(timers, batch);
  raw_timers_close(timers);
  count_operations(state, batch);
}
BENCHMARK(create_and_clear_bare);

/// The floor under every set_timeout, which must know what time it is.
void read_clock_bare(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(uv_hrtime());
  count_operations(state);
}
BENCHMARK(read_clock_bare);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
