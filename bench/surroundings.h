#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <deque>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/loop.h"

namespace contrail::bench {

/// What a measurement happens in: a Loop of its own, and some storages bound in the context.
class Surroundings {
 public:
  explicit Surroundings(std::int64_t storages) {
    for (std::int64_t i = 0; i < storages; ++i) {
      storages_.emplace_back();
      scopes_.push_back(storages_.back().with_scope(static_cast<int>(i)));
    }
  }
  ~Surroundings() {
    while (!scopes_.empty()) scopes_.pop_back();
  }

  Loop loop;
  AsyncLocalStorage<int>& storage(std::size_t index) { return storages_[index]; }

 private:
  std::deque<AsyncLocalStorage<int>> storages_;
  std::vector<StorageScope> scopes_;
};

/// How many are made before the loop runs them.
inline constexpr int batch = 1000;

/// Reads as nanoseconds per operation: see report.py.
inline void count_operations(benchmark::State& state, std::int64_t per_iteration = 1) {
  state.SetItemsProcessed(state.iterations() * per_iteration);
}

}  // namespace contrail::bench
