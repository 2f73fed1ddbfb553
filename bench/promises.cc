// Promises: a reaction to one that is settled, and a coroutine that waits for one.

#include "contrail/promise.h"

#include <coroutine>

#include "bench/raw_queue.h"
#include "bench/surroundings.h"

namespace contrail::bench {
namespace {

/// In batches, as microtasks are.
void then(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  const auto resolved = Promise<int>::resolve(1);
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      resolved.then([&sum](int value) { sum += static_cast<unsigned>(value); }).detach();
    }
    surroundings.loop.run_nowait();
  }
  if (sum != static_cast<std::uint64_t>(state.iterations()) * batch) state.SkipWithError("lost");
  count_operations(state, batch);
}
BENCHMARK(then)->ArgName("storages")->Arg(0)->Arg(1)->Arg(8);

void then_bare(benchmark::State& state) {
  RawQueue queue;
  int value = 1;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) {
      queue.push([&sum, &value] { sum += static_cast<unsigned>(value); });
    }
    queue.run();
  }
  benchmark::DoNotOptimize(sum);
  count_operations(state, batch);
}
BENCHMARK(then_bare);

Promise<void> wait_repeatedly(Promise<int> resolved, int times, std::uint64_t* sum) {
  for (int i = 0; i < times; ++i) *sum += static_cast<unsigned>(co_await resolved);
}

/// One coroutine waits a thousand times.
void await(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  const auto resolved = Promise<int>::resolve(1);
  std::uint64_t sum = 0;
  for (auto _ : state) {
    wait_repeatedly(resolved, batch, &sum).detach();
    surroundings.loop.run_nowait();
  }
  if (sum != static_cast<std::uint64_t>(state.iterations()) * batch) state.SkipWithError("lost");
  count_operations(state, batch);
}
BENCHMARK(await)->ArgName("storages")->Arg(0)->Arg(1)->Arg(8);

/// The coroutine itself: called, suspended once, resumed, gone.
void coroutine(benchmark::State& state) {
  Surroundings surroundings(state.range(0));
  const auto resolved = Promise<int>::resolve(1);
  std::uint64_t sum = 0;
  for (auto _ : state) {
    for (int i = 0; i < batch; ++i) wait_repeatedly(resolved, 1, &sum).detach();
    surroundings.loop.run_nowait();
  }
  benchmark::DoNotOptimize(sum);
  count_operations(state, batch);
}
BENCHMARK(coroutine)->ArgName("storages")->Arg(0)->Arg(8);

/// A coroutine and a list of those that are ready: no promise, no context, no exception.
struct RawCoroutine {
  struct promise_type {
    RawCoroutine get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

struct Ready {
  Ready* next = nullptr;
  std::coroutine_handle<> coroutine;
};

struct ReadyList {
  Ready* head = nullptr;
  Ready* tail = nullptr;

  void push(Ready* ready) {
    (head ? tail->next : head) = ready;
    tail = ready;
  }
  void run() {
    while (Ready* ready = head) {
      head = ready->next;
      ready->coroutine.resume();
    }
  }
};

struct Requeue : Ready {
  explicit Requeue(ReadyList* ready_list) : list(ready_list) {}
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    coroutine = waiting;
    list->push(this);
  }
  void await_resume() const {}
  ReadyList* list;
};

RawCoroutine requeue_repeatedly(ReadyList* list, int times, std::uint64_t* sum) {
  for (int i = 0; i < times; ++i) {
    co_await Requeue(list);
    *sum += 1;
  }
}

void await_bare(benchmark::State& state) {
  ReadyList list;
  std::uint64_t sum = 0;
  for (auto _ : state) {
    requeue_repeatedly(&list, batch, &sum);
    list.run();
  }
  benchmark::DoNotOptimize(sum);
  count_operations(state, batch);
}
BENCHMARK(await_bare);

}  // namespace
}  // namespace contrail::bench

BENCHMARK_MAIN();
