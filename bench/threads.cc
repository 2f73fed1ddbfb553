// To other threads and back: work for the pool, one piece in flight, or 64, and posts from a thread
// that has no Loop.

#include <thread>

#include "bench/listener.h"
#include "bench/raw_libuv/raw_libuv.h"
#include "bench/surroundings.h"
#include "contrail/thread_pool.h"

namespace contrail::bench {
namespace {

constexpr int works = 4096;
constexpr int posts = 50'000;

/// Whoever is done asks for more.
struct Working {
  void start() {
    auto add_one = [value = 0]() mutable { return ++value; };
    queue_work(add_one, {}, [this](Result<int> value) {
      benchmark::DoNotOptimize(*value);
      if (left-- > 0) start();
    });
  }
  int left;
};

void work(benchmark::State& state, bool heard) {
  Surroundings surroundings(0);
  const Listener listener(heard);
  for (auto _ : state) {
    const auto in_flight = static_cast<int>(state.range(0));
    Working working{works - in_flight};
    for (int i = 0; i < in_flight; ++i) working.start();
    surroundings.loop.run();
  }
  count_operations(state, works);
}

void work_unheard(benchmark::State& state) { work(state, false); }
BENCHMARK(work_unheard)->ArgName("in_flight")->Arg(1)->Arg(64)->MeasureProcessCPUTime();
void work_heard(benchmark::State& state) { work(state, true); }
BENCHMARK(work_heard)->ArgName("in_flight")->Arg(1)->Arg(64)->MeasureProcessCPUTime();

void work_bare(benchmark::State& state) {
  for (auto _ : state) raw_queue_work(static_cast<int>(state.range(0)), works);
  count_operations(state, works);
}
BENCHMARK(work_bare)->ArgName("in_flight")->Arg(1)->Arg(64)->MeasureProcessCPUTime();

void post(benchmark::State& state) {
  Surroundings surroundings(0);
  Loop& loop = surroundings.loop;
  const Loop::KeepAlive keep_alive = loop.keep_alive();
  for (auto _ : state) {
    int heard = 0;
    auto hear = [&] {
      if (++heard == posts) loop.stop();
    };
    std::thread thread([&] {
      for (int i = 0; i < posts; ++i) loop.post(hear);
    });
    loop.run();
    thread.join();
  }
  count_operations(state, posts);
}
BENCHMARK(post)->MeasureProcessCPUTime();

void post_bare(benchmark::State& state) {
  for (auto _ : state) raw_post(posts);
  count_operations(state, posts);
}
BENCHMARK(post_bare)->MeasureProcessCPUTime();

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
