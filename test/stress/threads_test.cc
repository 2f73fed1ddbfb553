// Many threads: posting to one Loop, running Loops of their own, making and dropping variables.

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

constexpr int thread_count = 8;

template <class F>
void on_threads(F work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) threads.emplace_back(work, i);
  for (auto& thread : threads) thread.join();
}

class Threads : public LoopTest {};

TEST_F(Threads, that_post_are_all_heard_each_in_its_order) {
  constexpr int posts = 5000;
  std::array<int, thread_count> next{};
  bool in_order = true;
  int heard = 0;
  std::optional<Loop::KeepAlive> alive = loop().keep_alive();
  Loop& target = loop();
  auto receive = [&](int thread, int number) {
    in_order = in_order && next[static_cast<std::size_t>(thread)]++ == number;
    if (++heard == thread_count * posts) alive.reset();
  };
  std::thread posting([&] {
    on_threads([&](int thread) {
      for (int i = 0; i < posts; ++i) target.post([&, thread, i] { receive(thread, i); });
    });
  });
  loop().run();
  posting.join();
  EXPECT_EQ(heard, thread_count * posts);
  EXPECT_TRUE(in_order);
}

TEST_F(Threads, that_post_while_run_returns_lose_nothing) {
  std::atomic<int> heard = 0;
  Loop& target = loop();
  std::atomic<int> done = 0;
  std::thread posting([&] {
    on_threads([&](int) {
      for (int i = 0; i < 1000; ++i) target.post([&] { ++heard; });
      ++done;
    });
  });
  while (done < thread_count) loop().run();
  posting.join();
  loop().run();
  EXPECT_EQ(heard, thread_count * 1000);
}

TEST_F(Threads, that_settle_promises_by_posting_resume_coroutines) {
  auto fetch = [](Loop& home, std::vector<std::thread>& threads, int n) -> Promise<int> {
    auto pair = Promise<int>::with_resolver();
    // The Resolver never leaves this thread: only its address travels.
    auto resolver = std::make_shared<Resolver<int>>(std::move(pair.resolver));
    auto* borrowed = resolver.get();
    const auto alive = home.keep_alive();
    threads.emplace_back(
        [&home, borrowed, n] { home.post([borrowed, n] { borrowed->resolve(n); }); });
    co_return co_await pair.promise;
  };
  std::vector<std::thread> threads;
  int sum = 0;
  for (int i = 1; i <= 20; ++i) {
    fetch(loop(), threads, i).then([&](int value) { sum += value; }).detach();
  }
  loop().run();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(sum, 210);
}

TEST(ThreadsOfTheirOwn, run_a_loop_each) {
  std::atomic<int> ran = 0;
  on_threads([&](int) {
    for (int i = 0; i < 20; ++i) {
      Loop loop;
      AsyncHook hook({.init = [](const ResourceInfo&) {}, .destroy = [](AsyncId) {}});
      hook.enable();
      set_timeout([&] { ++ran; });
      next_tick([&] { queue_microtask([&] { ++ran; }); });
      Promise<>::resolve().then([&] { ++ran; }).detach();
      loop.run();
    }
  });
  EXPECT_EQ(ran, thread_count * 20 * 3);
}

TEST(ThreadsOfTheirOwn, share_a_storage_and_never_its_stores) {
  AsyncLocalStorage<int> storage;
  std::atomic<int> wrong = 0;
  on_threads([&](int thread) {
    Loop loop;
    for (int i = 0; i < 200; ++i) {
      const int mine = thread * 1000 + i;
      storage.run(mine, [&] {
        set_immediate([&, mine] {
          if (*storage.get_store() != mine) ++wrong;
        });
      });
    }
    loop.run();
  });
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadsOfTheirOwn, make_and_drop_variables_at_the_same_time) {
  std::atomic<int> wrong = 0;
  on_threads([&](int thread) {
    for (int i = 0; i < 2000; ++i) {
      async_context::Variable<int> variable({}, -1);
      if (*variable.get() != -1) ++wrong;
      variable.run(thread, [&] {
        async_context::Variable<int> inner;
        if (*variable.get() != thread || inner.get()) ++wrong;
      });
    }
  });
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadsOfTheirOwn, end_with_work_pending) {
  auto held = std::make_shared<int>(1);
  on_threads([&](int) {
    Loop loop;
    auto wait = [](std::shared_ptr<int> local) -> Promise<> {
      const auto keep = local;
      co_await sleep(1h);
    };
    wait(held).detach();
    set_interval([held] {}, 1ms);
    loop.run_nowait();
  });
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace contrail
