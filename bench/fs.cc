// What is known of a file, 64 questions in flight: a request, and the way to the thread pool and
// back.

#include "contrail/fs.h"

#include "bench/listener.h"
#include "bench/raw_libuv/raw_libuv.h"
#include "bench/surroundings.h"

namespace contrail::bench {
namespace {

constexpr int in_flight = 64;
constexpr int count = 4096;
const fs::Path path = "/etc/passwd";

/// Whoever is answered asks again.
struct Asking {
  void ask() {
    fs::stat(path, [this](const Result<fs::Stat>& status) {
      benchmark::DoNotOptimize(status->size);
      if (left-- > 0) ask();
    });
  }
  int left = count - in_flight;
};

void stat(benchmark::State& state, bool heard) {
  Surroundings surroundings(0);
  const Listener listener(heard);
  for (auto _ : state) {
    Asking asking;
    for (int i = 0; i < in_flight; ++i) asking.ask();
    surroundings.loop.run();
  }
  count_operations(state, count);
}

void stat_unheard(benchmark::State& state) { stat(state, false); }
BENCHMARK(stat_unheard)->MeasureProcessCPUTime();
void stat_heard(benchmark::State& state) { stat(state, true); }
BENCHMARK(stat_heard)->MeasureProcessCPUTime();

void stat_bare(benchmark::State& state) {
  for (auto _ : state) raw_stat(path.c_str(), in_flight, count);
  count_operations(state, count);
}
BENCHMARK(stat_bare)->MeasureProcessCPUTime();

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
