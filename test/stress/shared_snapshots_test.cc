// Contexts that many threads hand around, run and drop, while their own thread goes on.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using async_context::SharedSnapshot;
using async_context::Snapshot;

constexpr int thread_count = 4;

/// Where threads leave contexts for each other.
class Exchange {
 public:
  void put(SharedSnapshot context) {
    std::lock_guard lock(mutex_);
    contexts_.push_back(std::move(context));
  }
  /// A copy of one of them; sometimes it is taken away.
  SharedSnapshot get(std::mt19937& random) {
    std::lock_guard lock(mutex_);
    SharedSnapshot& one = contexts_[random() % contexts_.size()];
    if (random() % 2 || contexts_.size() < 4) return one;
    std::swap(one, contexts_.back());
    SharedSnapshot last = std::move(contexts_.back());
    contexts_.pop_back();
    return last;
  }

 private:
  std::mutex mutex_;
  std::vector<SharedSnapshot> contexts_;
};

class SharedSnapshotsOfManyThreads : public LoopTest {
 protected:
  using Store = std::shared_ptr<const int>;

  /// Binds both storages one after the other, so that frames share boxes, and shares that.
  SharedSnapshot share(int value) {
    return first_.run(std::make_shared<int>(value), [&] {
      return second_.run(std::make_shared<int>(value), [] { return Snapshot().share(); });
    });
  }
  void look() {
    const Store* first = first_.get_store();
    const Store* second = second_.get_store();
    if (!first || !second || **first != **second) ++wrong_;
  }
  /// What each thread does, on a Loop of its own.
  void work(Exchange& exchange, unsigned seed) {
    std::mt19937 random(seed);
    Loop loop;
    for (int i = 0; i < 2000; ++i) {
      exchange.get(random).run([&] {
        look();
        set_immediate([&] { look(); });
        if (random() % 4 == 0) exchange.put(Snapshot().share());
      });
      if (random() % 4 == 0) exchange.put(share(i));
      if (random() % 16 == 0) loop.run_nowait();
    }
    loop.run();
  }

  AsyncLocalStorage<Store> first_;
  AsyncLocalStorage<Store> second_;
  std::atomic<int> wrong_ = 0;
};

TEST_F(SharedSnapshotsOfManyThreads, show_what_was_bound_wherever_they_are_run_and_dropped) {
  Exchange exchange;
  for (int i = 0; i < 8; ++i) exchange.put(share(i));
  std::vector<std::thread> threads;
  for (unsigned seed = 0; seed < thread_count; ++seed) {
    threads.emplace_back([&, seed] { work(exchange, seed); });
  }
  std::mt19937 random(thread_count);
  for (int i = 0; i < 2000; ++i) {
    exchange.put(share(i));
    exchange.get(random).run([&] { look(); });
    if (i % 16 == 0) loop().run_nowait();
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong_, 0);
}

TEST_F(SharedSnapshotsOfManyThreads, let_go_of_every_value_also_of_threads_that_have_ended) {
  std::weak_ptr<const int> watched;
  {
    Exchange exchange;
    std::vector<std::thread> threads;
    auto kept = std::make_shared<int>(1);
    watched = kept;
    for (int i = 0; i < thread_count; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) {
          exchange.put(first_.run(kept, [] { return Snapshot().share(); }));
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace contrail
