#include "loop_test.h"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/async_resource.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::string text_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

class Loops : public LoopTest {
 protected:
  auto note(std::string name) {
    return [this, name = std::move(name)] { heard += name; };
  }
  static auto fail(const char* text) {
    return [text] { throw std::runtime_error(text); };
  }
  /// What the next run() throws.
  std::string thrown_by_run() {
    try {
      loop().run();
      return "nothing";
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  std::string heard;
};

// --- run

TEST_F(Loops, return_when_nothing_is_left_to_wait_for) {
  loop().run();
  EXPECT_FALSE(loop().run_once());
}

TEST_F(Loops, may_be_run_again) {
  set_immediate(note("a"));
  loop().run();
  set_immediate(note("b"));
  loop().run();
  EXPECT_EQ(heard, "ab");
}

TEST_F(Loops, are_the_current_one_of_their_thread) { EXPECT_EQ(&Loop::current(), &loop()); }

TEST_F(Loops, run_one_turn_at_a_time) {
  set_immediate([&] {
    heard += "1";
    set_immediate(note("2"));
  });
  EXPECT_TRUE(loop().run_once());
  EXPECT_EQ(heard, "1");
  EXPECT_FALSE(loop().run_once());
  EXPECT_EQ(heard, "12");
}

TEST_F(Loops, do_not_wait_in_run_once_when_a_tick_waits) {
  auto alive = loop().keep_alive();
  next_tick(note("tick"));
  EXPECT_TRUE(loop().run_once());
  EXPECT_EQ(heard, "tick");
}

TEST_F(Loops, wait_for_work_in_run_once) {
  set_timeout(note("a"), 5ms);
  while (loop().run_once()) {
  }
  EXPECT_EQ(heard, "a");
}

TEST_F(Loops, never_wait_in_run_nowait) {
  Timeout timer = set_timeout(note("a"), 1h);
  next_tick(note("tick"));
  EXPECT_TRUE(loop().run_nowait());
  EXPECT_EQ(heard, "tick");
  timer.clear();
}

TEST_F(Loops, end_run_after_the_turn_in_which_they_are_stopped) {
  Timeout timer = set_timeout([] {}, 1h);
  set_immediate([&] { loop().stop(); });
  set_immediate(note("same turn"));
  loop().run();
  EXPECT_EQ(heard, "same turn");
  timer.clear();
}

TEST_F(Loops, keep_what_is_pending_when_stopped) {
  set_immediate([&] {
    set_timeout(note("later"), 1ms);
    loop().stop();
  });
  loop().run();
  EXPECT_EQ(heard, "");
  loop().run();
  EXPECT_EQ(heard, "later");
}

TEST_F(Loops, know_a_time_that_never_goes_back) {
  const auto before = loop().now();
  set_timeout([] {}, 2ms);
  loop().run();
  EXPECT_GE(loop().now(), before + 2ms);
}

TEST_F(Loops, may_follow_one_another_on_a_thread) {
  destroy_loop();
  Loop second;
  set_immediate(note("second"));
  second.run();
  EXPECT_EQ(heard, "second");
}

TEST_F(Loops, number_their_resources_independently) {
  const AsyncId here = AsyncResource("A").async_id();
  AsyncId there = 0;
  std::thread([&] {
    Loop loop;
    there = AsyncResource("A").async_id();
    loop.run();
  }).join();
  EXPECT_EQ(here, there);
}

// --- Exceptions without a handler.

TEST_F(Loops, let_an_exception_leave_through_run) {
  set_immediate(fail("no"));
  EXPECT_EQ(thrown_by_run(), "no");
}

TEST_F(Loops, go_on_when_run_is_called_again_after_an_exception) {
  set_immediate(fail("no"));
  set_timeout(note("later"), 1ms);
  EXPECT_EQ(thrown_by_run(), "no");
  loop().run();
  EXPECT_EQ(heard, "later");
}

TEST_F(Loops, throw_the_exceptions_of_one_turn_one_by_one) {
  for (const char* text : {"1", "2", "3"}) set_immediate(fail(text));
  EXPECT_EQ(thrown_by_run(), "1");
  EXPECT_EQ(thrown_by_run(), "2");
  EXPECT_EQ(thrown_by_run(), "3");
  EXPECT_EQ(thrown_by_run(), "nothing");
}

TEST_F(Loops, throw_the_exceptions_of_several_microtasks_one_by_one) {
  queue_microtask(fail("1"));
  queue_microtask(fail("2"));
  queue_microtask(note("3"));
  EXPECT_EQ(thrown_by_run(), "1");
  EXPECT_EQ(thrown_by_run(), "2");
  EXPECT_EQ(thrown_by_run(), "nothing");
  EXPECT_EQ(heard, "3");
}

TEST_F(Loops, throw_from_run_once_and_run_nowait_too) {
  set_immediate(fail("1"));
  EXPECT_THROW(loop().run_once(), std::runtime_error);
  set_immediate(fail("2"));
  EXPECT_THROW(loop().run_nowait(), std::runtime_error);
}

TEST_F(Loops, lose_no_turn_after_an_exception) {
  next_tick(fail("no"));
  EXPECT_THROW(loop().run_once(), std::runtime_error);
  set_immediate(note("a"));
  loop().run_nowait();
  EXPECT_EQ(heard, "a");
}

TEST_F(Loops, stand_where_they_stood_after_an_exception) {
  AsyncLocalStorage<int> storage;
  storage.enter_with(1);
  set_immediate([&] {
    storage.enter_with(2);
    throw std::runtime_error("no");
  });
  EXPECT_EQ(thrown_by_run(), "no");
  EXPECT_EQ(*storage.get_store(), 1);
  EXPECT_EQ(execution_async_id(), root_async_id);
}

TEST_F(Loops, forget_exceptions_that_nobody_collected) {
  set_immediate(fail("1"));
  set_immediate(fail("2"));
  EXPECT_EQ(thrown_by_run(), "1");
  destroy_loop();
}

// --- With a handler.

TEST_F(Loops, tell_a_handler_of_one_argument) {
  loop().on_uncaught_exception([&](std::exception_ptr error) { heard += text_of(error); });
  set_immediate(fail("no"));
  loop().run();
  EXPECT_EQ(heard, "no");
}

TEST_F(Loops, tell_a_handler_of_two_arguments_where_the_error_comes_from) {
  std::vector<ExceptionOrigin> origins;
  loop().on_uncaught_exception(
      [&](std::exception_ptr, ExceptionOrigin origin) { origins.push_back(origin); });
  set_immediate(fail("no"));
  Promise<>::reject(std::runtime_error("never")).detach();
  loop().run();
  EXPECT_THAT(origins, ElementsAre(ExceptionOrigin::unhandled_rejection,
                                   ExceptionOrigin::uncaught_exception));
}

TEST_F(Loops, call_the_handler_as_the_callback_that_failed) {
  AsyncLocalStorage<int> storage;
  AsyncId id = 0;
  int store = 0;
  loop().on_uncaught_exception([&](std::exception_ptr) {
    id = execution_async_id();
    store = *storage.get_store();
  });
  const Immediate immediate = storage.run(7, [] { return set_immediate(fail("no")); });
  loop().run();
  EXPECT_EQ(id, immediate.async_id());
  EXPECT_EQ(store, 7);
}

TEST_F(Loops, show_the_handler_the_outer_context_of_a_run_that_threw) {
  AsyncLocalStorage<int> storage;
  const int* store = nullptr;
  loop().on_uncaught_exception([&](std::exception_ptr) { store = storage.get_store(); });
  set_immediate([&] { storage.run(1, fail("no")); });
  loop().run();
  EXPECT_EQ(store, nullptr);
}

TEST_F(Loops, let_what_a_handler_throws_leave_through_run) {
  loop().on_uncaught_exception([](std::exception_ptr) { throw std::runtime_error("handler"); });
  set_immediate(fail("no"));
  set_immediate(note("other"));
  EXPECT_EQ(thrown_by_run(), "handler");
  loop().run();
  EXPECT_EQ(heard, "other");
}

TEST_F(Loops, let_a_handler_replace_itself) {
  loop().on_uncaught_exception([&](std::exception_ptr) {
    heard += "first ";
    loop().on_uncaught_exception([&](std::exception_ptr) { heard += "second"; });
  });
  set_immediate(fail("1"));
  set_immediate(fail("2"));
  loop().run();
  EXPECT_EQ(heard, "first second");
}

TEST_F(Loops, throw_through_run_again_once_the_handler_is_taken_away) {
  loop().on_uncaught_exception([](std::exception_ptr) {});
  loop().on_uncaught_exception(nullptr);
  set_immediate(fail("no"));
  EXPECT_EQ(thrown_by_run(), "no");
}

TEST_F(Loops, pass_on_what_is_not_a_std_exception) {
  set_immediate([] { throw 42; });
  EXPECT_THROW(loop().run(), int);
}

// --- post

TEST_F(Loops, run_what_another_thread_posts) {
  auto alive = std::make_optional(loop().keep_alive());
  std::thread::id ran_on;
  std::thread other([&] {
    loop().post([&] {
      ran_on = std::this_thread::get_id();
      alive.reset();
    });
  });
  loop().run();
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST_F(Loops, run_what_was_posted_before_run_returns) {
  loop().post(note("a"));
  loop().run();
  EXPECT_EQ(heard, "a");
}

TEST_F(Loops, run_what_a_posted_function_posts) {
  loop().post([&] { loop().post(note("inner")); });
  loop().run();
  EXPECT_EQ(heard, "inner");
}

TEST_F(Loops, wait_for_what_a_posted_function_starts) {
  loop().post([&] { set_timeout(note("later"), 2ms); });
  loop().run();
  EXPECT_EQ(heard, "later");
}

TEST_F(Loops, run_posted_functions_in_order_and_drain_after_each) {
  loop().post([&] {
    next_tick(note("tick "));
    heard += "1 ";
  });
  loop().post(note("2"));
  loop().run();
  EXPECT_EQ(heard, "1 tick 2");
}

TEST_F(Loops, run_posted_functions_without_context) {
  AsyncLocalStorage<int> storage;
  storage.run(1, [&] { loop().post([&] { EXPECT_EQ(storage.get_store(), nullptr); }); });
  loop().run();
}

TEST_F(Loops, let_exceptions_of_posted_functions_through_and_run_the_others) {
  loop().post(fail("no"));
  loop().post(note("other"));
  EXPECT_EQ(thrown_by_run(), "no");
  loop().run();
  EXPECT_EQ(heard, "other");
}

TEST_F(Loops, destroy_uncalled_what_was_posted_too_late) {
  auto held = std::make_shared<int>(1);
  loop().post([held, this] { heard += "called"; });
  destroy_loop();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_EQ(heard, "");
}

// --- KeepAlive

TEST_F(Loops, wait_as_long_as_they_are_kept_alive) {
  std::optional<Loop::KeepAlive> alive = loop().keep_alive();
  Timeout timer = set_timeout([&] { alive.reset(), heard += "released"; }, 5ms);
  timer.unref();
  loop().run();
  EXPECT_EQ(heard, "released");
}

TEST_F(Loops, are_kept_alive_by_each_of_several) {
  std::optional<Loop::KeepAlive> first = loop().keep_alive();
  std::optional<Loop::KeepAlive> second = loop().keep_alive();
  set_timeout([&] { first.reset(); }, 1ms);
  Timeout timer = set_timeout([&] { second.reset(), heard += "second"; }, 5ms);
  timer.unref();
  loop().run();
  EXPECT_EQ(heard, "second");
}

TEST_F(Loops, are_kept_alive_once_however_a_keep_alive_is_moved) {
  std::optional<Loop::KeepAlive> alive;
  {
    Loop::KeepAlive first = loop().keep_alive();
    Loop::KeepAlive second = std::move(first);
    second = loop().keep_alive();
    alive.emplace(std::move(second));
  }
  EXPECT_TRUE(uv_loop_alive(loop().native()));
  alive.reset();
  EXPECT_FALSE(uv_loop_alive(loop().native()));
}

TEST_F(Loops, may_die_before_what_keeps_them_alive) {
  const Loop::KeepAlive alive = loop().keep_alive();
  destroy_loop();
}

TEST_F(Loops, are_not_disturbed_by_what_kept_an_earlier_one_alive) {
  std::vector<Loop::KeepAlive> old;
  for (int i = 0; i < 20; ++i) {
    destroy_loop();
    Loop later;
    old.push_back(later.keep_alive());
  }
  Loop last;  // Perhaps where an earlier one was.
  old.clear();
  const Loop::KeepAlive alive = last.keep_alive();
  EXPECT_TRUE(uv_loop_alive(last.native()));
}

// --- An adopted uv loop.

class AdoptedLoop : public ::testing::Test {
 protected:
  AdoptedLoop() { uv_loop_init(&uv); }
  void TearDown() override {
    EXPECT_EQ(uv_loop_close(&uv), 0) << "a handle was left on somebody else's loop";
  }
  uv_loop_t uv{};
};

TEST_F(AdoptedLoop, is_the_native_one) {
  Loop loop(&uv);
  EXPECT_EQ(loop.native(), &uv);
}

TEST_F(AdoptedLoop, is_driven_by_its_owner) {
  std::string heard;
  Loop loop(&uv);
  set_immediate([&] {
    set_timeout([&] { heard += "timer "; }, 1ms);
    next_tick([&] { heard += "tick "; });
  });
  uv_run(&uv, UV_RUN_DEFAULT);
  EXPECT_EQ(heard, "tick timer ");
}

TEST_F(AdoptedLoop, runs_the_handles_of_its_owner) {
  bool fired = false;
  uv_timer_t timer;
  uv_timer_init(&uv, &timer);
  timer.data = &fired;
  uv_timer_start(
      &timer, [](uv_timer_t* t) { *static_cast<bool*>(t->data) = true; }, 1, 0);
  {
    Loop loop(&uv);
    loop.run();
  }
  EXPECT_TRUE(fired);
  uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
  uv_run(&uv, UV_RUN_DEFAULT);
}

TEST_F(AdoptedLoop, keeps_the_handles_of_its_owner_open) {
  uv_idle_t idle;
  uv_idle_init(&uv, &idle);
  {
    Loop loop(&uv);
    set_timeout([] {}, 1h);
  }
  EXPECT_FALSE(uv_is_closing(reinterpret_cast<uv_handle_t*>(&idle)));
  uv_close(reinterpret_cast<uv_handle_t*>(&idle), nullptr);
  uv_run(&uv, UV_RUN_DEFAULT);
}

TEST_F(AdoptedLoop, may_be_adopted_again) {
  int turns = 0;
  for (int i = 0; i < 3; ++i) {
    Loop loop(&uv);
    set_immediate([&] { ++turns; });
    loop.run();
  }
  EXPECT_EQ(turns, 3);
}

TEST_F(AdoptedLoop, goes_on_for_its_owner_after_an_exception) {
  Loop loop(&uv);
  set_immediate([] { throw std::runtime_error("no"); });
  uv_run(&uv, UV_RUN_DEFAULT);
  EXPECT_THROW(loop.run(), std::runtime_error);
}

// --- Companions.

/// Writes to stderr what it hears of a Loop, and its own end.
struct Companion {
  explicit Companion(Loop& loop) : of(&loop) { hook.enable(); }
  ~Companion() { fmt::print(stderr, "gone"); }
  Loop* of;
  AsyncHook hook{{.destroy = [](AsyncId) { fmt::print(stderr, "destroy "); }}};
};

TEST_F(Loops, are_not_held_up_by_an_immediate_that_throws_and_starts_itself_again) {
  int calls = 0;
  std::function<void()> again = [&] {
    if (++calls < 3) set_immediate(again);
    throw std::runtime_error("no");
  };
  set_immediate(again);
  for (int i = 1; i <= 3; ++i) {
    EXPECT_THROW(loop().run(), std::runtime_error);
    EXPECT_EQ(calls, i);
  }
  loop().run();
}

TEST_F(Loops, have_numbers_that_are_never_used_again) {
  std::uint64_t other = 0;
  std::thread([&] { other = Loop().number(); }).join();
  const std::uint64_t first = loop().number();
  destroy_loop();
  const std::uint64_t next = Loop().number();
  EXPECT_LT(first, other);
  EXPECT_LT(other, next);
}

TEST_F(Loops, do_a_turn_after_make_callback_has_thrown_outside_of_one) {
  AsyncResource resource("A");
  loop().make_callback(resource, [] { throw std::runtime_error("no"); });
  EXPECT_THROW(loop().run_once(), std::runtime_error);
  bool called = false;
  set_immediate([&] { called = true; });
  loop().run_once();
  EXPECT_TRUE(called);
}

TEST_F(Loops, leave_no_context_of_an_abandoned_coroutine_behind) {
  AsyncLocalStorage<int> storage;
  auto wait = [&]() -> Promise<> {
    auto scope = storage.with_scope(1);
    co_await sleep(1h);
  };
  async_context::Snapshot().run([&] { wait().detach(); });
  destroy_loop();
  EXPECT_EQ(storage.get_store(), nullptr);
}

TEST_F(Loops, take_their_companions_along_to_the_last_event) {
  destroy_loop();
  // Companions are for good: this one lives in a process of its own.
  auto with_companion = [] {
    Loop::add_companion(
        +[](Loop& loop) -> std::shared_ptr<void> { return std::make_shared<Companion>(loop); });
    {
      Loop loop;
      AsyncResource("A");
    }
    std::_Exit(0);
  };
  EXPECT_EXIT(with_companion(), ::testing::ExitedWithCode(0), "^destroy gone$");
}

}  // namespace
}  // namespace contrail
