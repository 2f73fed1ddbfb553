// Reading, setting and carrying the context.

#include <memory>

#include "bench/surroundings.h"

namespace contrail::bench {
namespace {

void get_store(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  AsyncLocalStorage<int>& storage = surroundings.storage(state.range(0) - 1);
  for (auto _ : state) benchmark::DoNotOptimize(storage.get_store());
  count_operations(state);
}
BENCHMARK(get_store)->ArgName("storages")->Arg(1)->Arg(8);

thread_local const int* plain_store = nullptr;

void get_store_bare(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(plain_store);
  count_operations(state);
}
BENCHMARK(get_store_bare);

/// One more storage than those that are bound.
void run(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  AsyncLocalStorage<int> storage;
  int value = 0;
  for (auto _ : state) storage.run(++value, [] { benchmark::ClobberMemory(); });
  count_operations(state);
}
BENCHMARK(run)->ArgName("storages")->DenseRange(0, 4)->Arg(7)->Arg(8);

/// The storage that was bound last: a request inside a request.
void run_nested(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  AsyncLocalStorage<int>& storage = surroundings.storage(state.range(0) - 1);
  int value = 100;
  for (auto _ : state) storage.run(++value, [] { benchmark::ClobberMemory(); });
  count_operations(state);
}
BENCHMARK(run_nested)->ArgName("storages")->Arg(1)->Arg(4)->Arg(8);

/// The storage that was bound first, below others: the new context owns every value itself.
void run_beneath(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  AsyncLocalStorage<int>& storage = surroundings.storage(0);
  int value = 100;
  for (auto _ : state) storage.run(++value, [] { benchmark::ClobberMemory(); });
  count_operations(state);
}
BENCHMARK(run_beneath)->ArgName("storages")->Arg(2)->Arg(4)->Arg(8);

/// The same store again: fn is simply called.
void run_identical(benchmark::State& state) {
  Surroundings surroundings(1);
  int value = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(value);
    surroundings.storage(0).run(value, [] { benchmark::ClobberMemory(); });
  }
  count_operations(state);
}
BENCHMARK(run_identical);

void run_bare(benchmark::State& state) {
  int value = 0;
  for (auto _ : state) {
    ++value;
    const int* outer = std::exchange(plain_store, &value);
    benchmark::ClobberMemory();
    plain_store = outer;
  }
  count_operations(state);
}
BENCHMARK(run_bare);

/// What every resource does with the context in its life.
void capture_and_release(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  for (auto _ : state) {
    detail::ContextFrame* frame = detail::capture_frame();
    benchmark::DoNotOptimize(frame);
    if (frame) detail::release(frame);
  }
  count_operations(state);
}
BENCHMARK(capture_and_release)->ArgName("storages")->Arg(0)->Arg(1)->Arg(8);

void capture_and_release_bare(benchmark::State& state) {
  const auto shared = std::make_shared<int>(0);
  for (auto _ : state) {
    auto copy = shared;
    benchmark::DoNotOptimize(copy);
  }
  count_operations(state);
}
BENCHMARK(capture_and_release_bare);

void sizes(benchmark::State& state) {
  for (auto _ : state) benchmark::ClobberMemory();
  state.counters["frame"] = sizeof(detail::ContextFrame);
}
BENCHMARK(sizes)->Iterations(1);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
