// What is known of a file, asked once at a time, or 64 times: a request, and the way to the thread
// pool and back.

#include "contrail/fs.h"

#include "bench/listener.h"
#include "bench/raw_libuv/raw_libuv.h"
#include "bench/surroundings.h"

namespace contrail::bench {
namespace {

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
  int left;
};

void stat(benchmark::State& state, bool heard) {
  Surroundings surroundings(0);
  const Listener listener(heard);
  for (auto _ : state) {
    const auto in_flight = static_cast<int>(state.range(0));
    Asking asking{count - in_flight};
    for (int i = 0; i < in_flight; ++i) asking.ask();
    surroundings.loop.run();
  }
  count_operations(state, count);
}

void stat_unheard(benchmark::State& state) { stat(state, false); }
BENCHMARK(stat_unheard)->ArgName("in_flight")->Arg(1)->Arg(64)->MeasureProcessCPUTime();
void stat_heard(benchmark::State& state) { stat(state, true); }
BENCHMARK(stat_heard)->ArgName("in_flight")->Arg(1)->Arg(64)->MeasureProcessCPUTime();

void stat_bare(benchmark::State& state) {
  for (auto _ : state) raw_stat(path.c_str(), static_cast<int>(state.range(0)), count);
  count_operations(state, count);
}
BENCHMARK(stat_bare)->ArgName("in_flight")->Arg(1)->Arg(64)->MeasureProcessCPUTime();

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
