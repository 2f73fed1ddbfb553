// Ticks, microtasks and immediates: made and run in batches.

#include <uv.h>

#include "bench/raw_queue.h"
#include "bench/surroundings.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"

namespace contrail::bench {
namespace {

template <class Schedule>
void in_batches(benchmark::State& state, Schedule schedule) {
  Surroundings surroundings(state.range(0));
  std::uint64_t ran = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) schedule([&ran] { ++ran; });
    surroundings.loop.run_nowait();
  }
  if (ran != static_cast<std::uint64_t>(state.iterations()) * batch) state.SkipWithError("lost");
  count_operations(state, batch);
}

void tick(benchmark::State& state) {
  in_batches(state, [](auto fn) { next_tick(fn); });
}
BENCHMARK(tick)->ArgName("storages")->Arg(0)->Arg(1)->Arg(8);

void microtask(benchmark::State& state) {
  in_batches(state, [](auto fn) { queue_microtask(fn); });
}
BENCHMARK(microtask)->ArgName("storages")->Arg(0)->Arg(1)->Arg(8);

void immediate(benchmark::State& state) {
  in_batches(state, [](auto fn) { set_immediate(fn); });
}
BENCHMARK(immediate)->ArgName("storages")->Arg(0)->Arg(1)->Arg(8);

void queue_bare(benchmark::State& state) {
  RawQueue queue;
  std::uint64_t ran = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) queue.push([&ran] { ++ran; });
    queue.run();
  }
  benchmark::DoNotOptimize(ran);
  count_operations(state, batch);
}
BENCHMARK(queue_bare);

/// The same queue, run by libuv's check phase.
void immediate_bare(benchmark::State& state) {
  uv_loop_t loop;
  uv_loop_init(&loop);
  RawQueue queue;
  uv_check_t check;
  uv_check_init(&loop, &check);
  check.data = &queue;
  uv_check_start(&check, [](uv_check_t* handle) { static_cast<RawQueue*>(handle->data)->run(); });
  std::uint64_t ran = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) queue.push([&ran] { ++ran; });
    uv_run(&loop, UV_RUN_NOWAIT);
  }
  benchmark::DoNotOptimize(ran);
  uv_close(reinterpret_cast<uv_handle_t*>(&check), nullptr);
  uv_run(&loop, UV_RUN_DEFAULT);
  uv_loop_close(&loop);
  count_operations(state, batch);
}
BENCHMARK(immediate_bare);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
