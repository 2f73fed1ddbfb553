#include "contrail/worker.h"

#include <pthread.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "support/lives.h"
#include "support/loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

void wait_for_ever(Loop&) {
  set_interval([] {}, 1h);
}

std::string message_of(std::exception_ptr error) {
  if (!error) return "none";
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

class Workers : public LoopTest {
 protected:
  void TearDown() override {
    if (has_loop()) loop().run();
    LoopTest::TearDown();
  }
  /// "none", or what the worker fails with.
  std::string end_of(Worker& worker) {
    std::string end = "not told";
    worker.on_exit([&](std::exception_ptr error) { end = message_of(error); });
    loop().run();
    return end;
  }
};

using WorkersDeathTest = Workers;

TEST_F(Workers, run_a_function_on_a_thread_with_a_loop_of_its_own) {
  std::thread::id thread;
  std::uint64_t number = 0;
  Worker worker([&](Loop& its_loop) {
    thread = std::this_thread::get_id();
    number = &its_loop == &Loop::current() ? its_loop.number() : 0;
  });
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_NE(thread, std::this_thread::get_id());
  EXPECT_GT(number, loop().number());
}

TEST_F(Workers, go_on_until_their_loop_has_nothing_to_wait_for) {
  int calls = 0;
  Worker worker([&](Loop&) { set_timeout([&] { set_timeout([&] { ++calls; }, 1ms); }, 1ms); });
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_EQ(calls, 1);
}

TEST_F(Workers, get_their_arguments_moved) {
  int sum = 0;
  Worker worker([&](Loop&, std::unique_ptr<int> a, int b) { sum = *a + b; },
                std::make_unique<int>(1), 2);
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_EQ(sum, 3);
}

TEST_F(Workers, talk_through_ports_that_are_given_to_them) {
  MessageChannel<std::string, int> channel;
  std::vector<std::string> answers;
  auto main = [](Loop&, MessagePort<int, std::string> parent) -> Promise<> {
    while (auto number = co_await parent.receive()) {
      parent.post_message(std::to_string(*number));
    }
  };
  channel.port1.on_message([&](std::string answer) {
    answers.push_back(std::move(answer));
    if (answers.size() == 3) channel.port1.close();
  });
  Worker worker(main, std::move(channel.port2));
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_THAT(answers, ElementsAre("1", "2", "3"));
}

TEST_F(Workers, are_told_to_have_ended_after_all_they_have_posted) {
  for (int round = 0; round < 20; ++round) {
    int seen = 0;
    int at_exit = -1;
    std::optional<MessageChannel<int>> channel;
    Worker first([](Loop&) {});  // So that there are handles before and after the port.
    channel.emplace();
    Worker worker(
        [](Loop&, MessagePort<int> parent) {
          for (int i = 0; i < 100; ++i) parent.post_message(i);
        },
        std::move(channel->port2));
    channel->port1.on_message([&](int) { ++seen; });
    worker.on_exit([&](std::exception_ptr) { at_exit = seen; });
    loop().run();
    EXPECT_EQ(at_exit, 100);
  }
}

TEST_F(Workers, reject_with_what_their_function_throws) {
  Worker worker([](Loop&) { throw std::runtime_error("no"); });
  std::string end;
  worker.exited().catch_error([&](std::exception_ptr error) { end = message_of(error); }).detach();
  loop().run();
  EXPECT_EQ(end, "no");
}

TEST_F(Workers, fail_with_what_leaves_a_callback_of_their_loop) {
  Worker worker([](Loop&) { set_timeout([] { throw std::runtime_error("later"); }); });
  EXPECT_EQ(end_of(worker), "later");
}

TEST_F(Workers, fail_with_what_their_coroutine_throws) {
  auto main = [](Loop&) -> Promise<> {
    co_await sleep(1ms);
    throw std::runtime_error("late");
  };
  Worker worker(main);
  EXPECT_EQ(end_of(worker), "late");
}

TEST_F(Workers, do_not_fail_by_what_they_handle_themselves) {
  Worker worker([](Loop& its_loop) {
    its_loop.on_uncaught_exception([](std::exception_ptr) {});
    set_timeout([] { throw std::runtime_error("handled"); });
  });
  EXPECT_EQ(end_of(worker), "none");
}

TEST_F(Workers, that_nobody_watches_fail_as_an_uncaught_exception) {
  Worker worker([](Loop&) { throw std::runtime_error("no"); });
  EXPECT_THROW(loop().run(), std::runtime_error);
}

TEST_F(Workers, tell_their_end_as_often_as_asked) {
  Worker worker([](Loop&) { throw std::runtime_error("no"); });
  EXPECT_EQ(end_of(worker), "no");
  EXPECT_EQ(end_of(worker), "no");
  std::string end;
  worker.exited().catch_error([&](std::exception_ptr error) { end = message_of(error); }).detach();
  loop().run();
  EXPECT_EQ(end, "no");
}

TEST_F(Workers, end_when_they_are_told_to) {
  Worker worker(wait_for_ever);
  worker.terminate();
  EXPECT_EQ(end_of(worker), "none");
}

TEST_F(Workers, end_after_the_turn_they_are_in) {
  MessageChannel<int> channel;
  std::atomic<int> turns = 0;
  Worker worker(
      [&](Loop&, MessagePort<int> parent) {
        static thread_local Function<void()> again;
        again = [&] {
          ++turns;
          set_immediate([] { again(); });
        };
        again();
        parent.post_message(1);
      },
      std::move(channel.port2));
  channel.port1.on_message([&](int) { worker.terminate(); });
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_GT(turns, 0);
}

TEST_F(Workers, end_when_they_are_told_to_though_they_run_their_loop_themselves) {
  Loop& home = loop();
  bool has_run = false;
  std::optional<Worker> worker;
  worker.emplace([&](Loop& its_loop) {
    set_interval([] {}, 1ms);
    home.post([&] { worker->terminate(); });
    its_loop.run();
    has_run = true;
  });
  EXPECT_EQ(end_of(*worker), "none");
  EXPECT_TRUE(has_run);
}

TEST_F(Workers, know_in_long_work_that_they_are_to_stop) {
  MessageChannel<int> channel;
  Worker worker(
      [](Loop&, MessagePort<int> parent) {
        parent.post_message(1);
        while (!Worker::stop_token().stop_requested()) std::this_thread::yield();
      },
      std::move(channel.port2));
  channel.port1.on_message([&](int) { worker.terminate(); });
  EXPECT_EQ(end_of(worker), "none");
}

TEST_F(Workers, are_the_only_ones_who_can_be_told_to_stop) {
  EXPECT_FALSE(Worker::stop_token().stop_possible());
}

TEST_F(Workers, end_by_themselves_with_exit) {
  bool after = false;
  Worker worker([&](Loop& its_loop) {
    wait_for_ever(its_loop);
    set_timeout([&] {
      throw Worker::Exit();
      after = true;
    });
  });
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_FALSE(after);
}

TEST_F(Workers, are_stopped_and_waited_for_when_they_go_out_of_scope) {
  auto held = std::make_shared<int>(1);
  {
    Worker worker([held](Loop& its_loop) {
      wait_for_ever(its_loop);
      set_immediate([held] {});
    });
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Workers, are_stopped_and_waited_for_when_their_loop_goes) {
  auto held = std::make_shared<int>(1);
  Worker worker([held](Loop& its_loop) { wait_for_ever(its_loop); });
  worker.on_exit([](std::exception_ptr) { ADD_FAILURE(); });
  destroy_loop();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Workers, settle_exited_when_they_go_out_of_scope) {
  bool over = false;
  {
    Worker worker(wait_for_ever);
    worker.exited().then([&] { over = true; }).detach();
  }
  loop().run();
  EXPECT_TRUE(over);
}

TEST_F(Workers, may_be_destroyed_inside_on_exit) {
  std::optional<Worker> worker;
  worker.emplace([](Loop&) {});
  auto owned = std::make_shared<std::string>("still here");
  std::string seen;
  worker->on_exit([&, owned](std::exception_ptr) {
    worker.reset();
    seen = *owned;
  });
  loop().run();
  EXPECT_EQ(seen, "still here");
}

TEST_F(Workers, may_be_moved_while_they_run) {
  Worker worker(wait_for_ever);
  Worker other(std::move(worker));
  EXPECT_FALSE(worker);
  worker = std::move(other);
  worker.terminate();
  EXPECT_EQ(end_of(worker), "none");
}

TEST_F(Workers, may_have_workers) {
  MessageChannel<std::string> channel;
  std::string seen;
  auto inner = [](Loop&, MessagePort<std::string> port) {
    port.post_message("from the inner one");
  };
  auto outer = [inner](Loop&, DetachedPort<std::string> port) {
    static thread_local std::optional<Worker> nested;
    nested.emplace(inner, std::move(port));
    nested->on_exit([](std::exception_ptr) { nested.reset(); });
  };
  channel.port1.on_message([&](std::string text) { seen = std::move(text); });
  Worker worker(outer, std::move(channel.port2));
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_EQ(seen, "from the inner one");
}

TEST_F(Workers, stop_their_own_workers_when_they_are_stopped) {
  auto held = std::make_shared<int>(1);
  {
    std::promise<void> running;
    Worker worker([&](Loop& its_loop) {
      wait_for_ever(its_loop);
      auto inner = std::make_shared<Worker>([held](Loop& inners) { wait_for_ever(inners); });
      set_interval([inner] {}, 1h);
      running.set_value();
    });
    running.get_future().wait();
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Workers, start_in_no_context_unless_they_are_given_one) {
  AsyncLocalStorage<int> storage;
  std::vector<int> seen;
  auto store = [&] { return storage.get_store() ? *storage.get_store() : 0; };
  auto main = [&](Loop&, const async_context::SharedSnapshot& context) {
    seen.push_back(store());
    context.run([&] { set_immediate([&] { seen.push_back(store()); }); });
  };
  std::optional<Worker> worker;
  storage.run(7, [&] { worker.emplace(main, async_context::Snapshot().share()); });
  EXPECT_EQ(end_of(*worker), "none");
  EXPECT_THAT(seen, ElementsAre(0, 7));
}

TEST_F(Workers, tell_their_end_in_the_context_in_which_they_were_made) {
  AsyncLocalStorage<int> storage;
  std::optional<Worker> worker;
  storage.run(7, [&] { worker.emplace([](Loop&) {}); });
  int seen = 0;
  storage.run(8,
              [&] { worker->on_exit([&](std::exception_ptr) { seen = *storage.get_store(); }); });
  loop().run();
  EXPECT_EQ(seen, 7);
}

TEST_F(Workers, are_a_resource_from_their_start_to_their_end) {
  Lives lives({"WORKER", "Immediate"});
  AsyncId id = no_async_id;
  Worker worker([](Loop&) { set_immediate([] {}); });
  worker.on_exit([&](std::exception_ptr) { id = execution_async_id(); });
  loop().run();
  EXPECT_EQ(id, worker.async_id());
  EXPECT_EQ(lives.of("WORKER"), "1/1/1/1");
  EXPECT_THAT(lives.graph(), ElementsAre("WORKER:1 by root"));
}

TEST_F(Workers, keep_the_loop_running_until_their_end_unless_told_otherwise) {
  Worker worker(wait_for_ever);
  EXPECT_TRUE(worker.has_ref());
  worker.unref();
  EXPECT_FALSE(worker.has_ref());
  loop().run();
  worker.ref();
  worker.terminate();
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_FALSE(worker.has_ref());
}

TEST_F(Workers, name_their_threads) {
  std::string name(32, '\0');
  Worker worker({.name = "counts a great deal"},
                [&](Loop&) { pthread_getname_np(pthread_self(), name.data(), name.size()); });
  EXPECT_EQ(worker.name(), "counts a great deal");
  EXPECT_EQ(end_of(worker), "none");
  EXPECT_STREQ(name.c_str(), "counts a great ");
}

TEST_F(Workers, refuse_names_that_the_system_would_cut) {
  try {
    Worker worker({.name = std::string("a\0b", 3)}, wait_for_ever);
    ADD_FAILURE();
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("worker a: EINVAL"));
  }
}

TEST_F(WorkersDeathTest, say_that_they_were_moved_from) {
  Worker worker(wait_for_ever);
  const Worker moved = std::move(worker);
  EXPECT_DEATH(worker.has_ref(), "this Worker was used after it was moved from");
}

}  // namespace
}  // namespace contrail
