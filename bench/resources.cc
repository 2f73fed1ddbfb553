// AsyncResource: born, entered, gone.

#include <cstdlib>
#include <new>

#include "bench/surroundings.h"

namespace {
std::size_t allocations = 0;
}  // namespace

// Out of line: GCC would warn of the mismatch that it sees when it inlines one of a pair.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace contrail::bench {
namespace {

constexpr ResourceType query_type{"QUERY"};

template <class Make>
void create_and_destroy(benchmark::State& state, Make make) {
  Surroundings surroundings(state.range(0));
  make();
  const std::size_t before = allocations;
  for (auto _ : state) {
    auto resource = make();
    benchmark::DoNotOptimize(resource);
  }
  state.counters["allocations"] = static_cast<double>(allocations - before);
  count_operations(state);
}

void create_by_type(benchmark::State& state) {
  create_and_destroy(state, [] { return AsyncResource(query_type); });
}
BENCHMARK(create_by_type)->ArgName("storages")->Arg(0)->Arg(8);

void create_by_name(benchmark::State& state) {
  create_and_destroy(state, [] { return AsyncResource("QUERY"); });
}
BENCHMARK(create_by_name)->ArgName("storages")->Arg(0)->Arg(8);

/// The same fields, filled by hand.
struct PlainResource {
  std::uint64_t id;
  std::uint64_t trigger;
  const char* type;
  const void* details;
  const int* context;
};
thread_local std::uint64_t plain_last_id = 0;
thread_local const int* plain_context = nullptr;

void create_bare(benchmark::State& state) {
  for (auto _ : state) {
    PlainResource resource{++plain_last_id, 1, "QUERY", nullptr, plain_context};
    benchmark::DoNotOptimize(resource);
  }
  count_operations(state);
}
BENCHMARK(create_bare);

void run_in_async_scope(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  AsyncResource resource(query_type);
  for (auto _ : state) resource.run_in_async_scope([] { benchmark::ClobberMemory(); });
  count_operations(state);
}
BENCHMARK(run_in_async_scope)->ArgName("storages")->Arg(0)->Arg(8);

void run_in_async_scope_bare(benchmark::State& state) {
  for (auto _ : state) benchmark::ClobberMemory();
  count_operations(state);
}
BENCHMARK(run_in_async_scope_bare);

void sizes(benchmark::State& state) {
  for (auto _ : state) benchmark::ClobberMemory();
  state.counters["resource"] = sizeof(AsyncResource);
}
BENCHMARK(sizes)->Iterations(1);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
