#include "contrail/thread_pool.h"

#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "lives.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// Keeps a worker until it is opened.
class Gate {
 public:
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for(int arrivals) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return arrived_ >= arrivals; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

class QueueWorkTest : public TcpTest {
 protected:
  /// What occupied the pool may still be on its way back.
  void TearDown() override {
    if (has_loop()) loop().run();
    TcpTest::TearDown();
  }

  /// Keeps all threads of the pool busy until the gate is opened.
  void occupy_pool() {
    const char* size = std::getenv("UV_THREADPOOL_SIZE");
    const int threads = size ? std::atoi(size) : 4;
    for (int i = 0; i < threads; ++i) queue_work([this] { gate_.pass(); }).detach();
    gate_.wait_for(threads);
  }

  Gate gate_;
};

TEST_F(QueueWorkTest, runs_on_another_thread) {
  const auto here = std::this_thread::get_id();
  EXPECT_NE(wait(queue_work([] { return std::this_thread::get_id(); })), here);
}

TEST_F(QueueWorkTest, moves_its_result_back) {
  auto made = wait(queue_work([] { return std::make_shared<std::string>("made"); }));
  EXPECT_EQ(*made, "made");
  EXPECT_EQ(made.use_count(), 1);
}

TEST_F(QueueWorkTest, may_return_what_can_only_be_moved) {
  std::string text;
  queue_work([] {
    return std::make_unique<std::string>("moved");
  }).then([&](std::unique_ptr<std::string> made) {
      text = *made;
    }).detach();
  loop().run();
  EXPECT_EQ(text, "moved");
}

TEST_F(QueueWorkTest, may_return_nothing) {
  int runs = 0;
  wait(queue_work([&] { ++runs; }));
  EXPECT_EQ(runs, 1);
}

TEST_F(QueueWorkTest, rejects_with_what_was_thrown) {
  auto thrower = []() -> int { throw std::out_of_range("too far"); };
  EXPECT_THROW(wait(queue_work(thrower)), std::out_of_range);
}

TEST_F(QueueWorkTest, tells_a_callback) {
  std::string seen;
  queue_work([] { return 42; }, {}, [&](Result<int> result) { seen = std::to_string(*result); });
  EXPECT_EQ(seen, "");
  loop().run();  // Of two at once, either may be done first.
  queue_work([] {}, {}, [&](Result<void> result) { seen += result ? " done" : ""; });
  loop().run();
  EXPECT_EQ(seen, "42 done");
}

TEST_F(QueueWorkTest, tells_a_callback_of_exceptions_as_errors) {
  std::vector<std::string> errors;
  auto note = [&](Result<int> result) { errors.emplace_back(result.error().what()); };
  queue_work([]() -> int { throw Error(UV_ENOENT, "open", "it"); }, {}, note);
  loop().run();
  queue_work([]() -> int { throw std::runtime_error("broken"); }, {}, note);
  loop().run();
  EXPECT_THAT(errors,
              ElementsAre(HasSubstr("open it: ENOENT"), HasSubstr("queue_work broken: UNKNOWN")));
}

TEST_F(QueueWorkTest, destroys_captures_on_the_thread_of_the_loop) {
  std::thread::id where;
  auto note = [&](int*) { where = std::this_thread::get_id(); };
  std::unique_ptr<int, decltype(note)> captured(new int(1), note);
  where = {};
  int* raw = captured.get();
  wait(queue_work([captured = std::move(captured)] {}));
  delete raw;
  EXPECT_EQ(where, std::this_thread::get_id());
}

// --- cancellation -------------------------------------------------------------------------------

TEST_F(QueueWorkTest, is_cancelled_while_it_waits) {
  occupy_pool();
  std::stop_source source;
  bool ran = false;
  auto late = queue_work([&] { ran = true; }, {}, source.get_token());
  source.request_stop();
  EXPECT_EQ(failure_of(late), "queue_work WORKREQ: ECANCELED: operation canceled");
  gate_.open();
  loop().run();
  EXPECT_FALSE(ran);
}

TEST_F(QueueWorkTest, is_cancelled_from_another_thread_by_its_turn) {
  occupy_pool();
  std::stop_source source;
  bool ran = false;
  auto late = queue_work([&] { ran = true; }, {}, source.get_token());
  std::thread([&] { source.request_stop(); }).join();
  gate_.open();
  EXPECT_THAT(failure_of(late), HasSubstr("ECANCELED"));
  EXPECT_FALSE(ran);
}

TEST_F(QueueWorkTest, does_not_start_if_it_is_stopped_before) {
  std::stop_source source;
  source.request_stop();
  bool ran = false;
  EXPECT_THAT(failure_of(queue_work([&] { ran = true; }, {}, source.get_token())),
              HasSubstr("ECANCELED"));
  EXPECT_FALSE(ran);
}

TEST_F(QueueWorkTest, goes_on_if_it_is_stopped_while_it_runs) {
  std::stop_source source;
  auto work = queue_work(
      [&] {
        gate_.pass();
        return 7;
      },
      {}, source.get_token());
  gate_.wait_for(1);
  source.request_stop();
  gate_.open();
  EXPECT_EQ(wait(work), 7);
}

TEST_F(QueueWorkTest, is_dropped_or_waited_for_by_a_loop_that_goes) {
  auto alive = std::make_shared<int>(0);
  for (int i = 0; i < 50; ++i) {
    queue_work([alive] {}, {}, [alive](Result<void>) { ++*alive; });
  }
  destroy_loop();
  EXPECT_EQ(alive.use_count(), 1);
  EXPECT_EQ(*alive, 0);
  EXPECT_EQ(thread_pool_status().queued + thread_pool_status().running, 0u);
}

// --- what can be read of it ---------------------------------------------------------------------

TEST_F(QueueWorkTest, shows_how_much_waits_and_for_how_long) {
  occupy_pool();
  const std::size_t threads = thread_pool_status().running;
  for (int i = 0; i < 3; ++i) queue_work([] {}).detach();
  EXPECT_EQ(thread_pool_status().queued, 3u);
  EXPECT_GE(threads, 1u);
  gate_.open();
  loop().run();
  EXPECT_EQ(thread_pool_status().queued, 0u);
  EXPECT_EQ(thread_pool_status().running, 0u);
  EXPECT_GT(thread_pool_status().last_wait, 0ns);
}

TEST_F(QueueWorkTest, is_a_resource_of_the_type_it_is_given) {
  Lives lives;
  queue_work([] {}, {}, ignore);
  queue_work([] {}, {.type = "Digest"}, ignore);
  loop().run();
  EXPECT_EQ(lives.of("WORKREQ"), "1/1/1/1");
  EXPECT_EQ(lives.of("Digest"), "1/1/1/1");
}

TEST_F(QueueWorkTest, shows_hooks_how_long_it_waited) {
  std::chrono::nanoseconds waited{-1};
  std::optional<AsyncId> work;
  AsyncHook hook({
      .init =
          [&](const ResourceInfo& made) {
            if (made.type == "WORKREQ") work = made.async_id;
          },
      .before =
          [&](AsyncId id) {
            if (id != work) return;
            waited = execution_async_resource().details.as<WorkDetails>()->waited;
          },
  });
  hook.enable();
  queue_work([] {}, {}, ignore);
  loop().run();
  EXPECT_GT(waited, 0ns);
}

TEST_F(QueueWorkTest, calls_back_as_itself_in_the_context_of_the_call) {
  AsyncLocalStorage<int> storage;
  std::optional<int> seen;
  Lives lives;
  AsyncId running = no_async_id;
  storage.run(5, [&] {
    queue_work([] {}, {},
               [&](Result<void>) {
                 seen = *storage.get_store();
                 running = execution_async_id();
               });
  });
  loop().run();
  EXPECT_EQ(seen, 5);
  EXPECT_EQ(running, lives.id("WORKREQ"));
}

}  // namespace
}  // namespace contrail
