// Functions that return a Promise and co_await others.

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/promise_combinators.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

/// Says in its destructor that it was there.
struct Local {
  explicit Local(std::string& text, std::string my_name = "~") : out(&text), name(my_name) {}
  Local(const Local&) = delete;
  ~Local() { *out += name; }
  std::string* out;
  std::string name;
};

class Coroutines : public LoopTest {
 protected:
  std::string heard;
};

TEST_F(Coroutines, start_at_once_and_go_on_later) {
  auto run = [](std::string& out) -> Promise<> {
    out += "a";
    co_await 0;
    out += "c";
  };
  run(heard).detach();
  heard += "b";
  loop().run();
  EXPECT_EQ(heard, "abc");
}

TEST_F(Coroutines, run_unwatched_when_a_timer_starts_them) {
  set_timeout([]() -> Promise<> {
    co_await 0;
    throw std::runtime_error("unheard");
  });
  loop().on_uncaught_exception([this](std::exception_ptr, ExceptionOrigin origin) {
    heard = origin == ExceptionOrigin::unhandled_rejection ? "unhandled" : "?";
  });
  loop().run();
  EXPECT_EQ(heard, "unhandled");
}

TEST_F(Coroutines, promise_what_they_return) {
  auto run = []() -> Promise<int> { co_return 42; };
  run().then([this](int value) { heard = std::to_string(value); }).detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Coroutines, are_rejected_with_what_leaves_them) {
  auto run = []() -> Promise<> {
    co_await 0;
    throw std::runtime_error("no");
  };
  auto outer = [](Promise<> inner, std::string& out) -> Promise<> {
    try {
      co_await inner;
    } catch (const std::runtime_error& error) {
      out = error.what();
    }
  };
  outer(run(), heard).detach();
  loop().run();
  EXPECT_EQ(heard, "no");
}

TEST_F(Coroutines, are_rejected_with_what_leaves_them_before_the_first_await) {
  auto run = [](bool fail) -> Promise<int> {
    if (fail) throw std::runtime_error("early");
    co_return 1;
  };
  auto failed = run(true);
  EXPECT_FALSE(failed.pending());
  failed.then([](int) {}, [](std::exception_ptr) {}).detach();
  loop().run();
}

TEST_F(Coroutines, that_fail_unwatched_become_uncaught_exceptions) {
  auto run = []() -> Promise<> {
    co_await 0;
    throw std::runtime_error("nobody's");
  };
  run().detach();
  EXPECT_THROW(loop().run(), std::runtime_error);
}

TEST_F(Coroutines, continue_although_their_promise_was_dropped) {
  auto run = [](std::string& out) -> Promise<> {
    co_await sleep(2ms);
    out = "done";
  };
  { auto dropped = run(heard); }
  loop().run();
  EXPECT_EQ(heard, "done");
}

TEST_F(Coroutines, await_a_promise_with_a_name_for_a_reference_to_its_value) {
  auto promise = Promise<std::string>::resolve("a");
  auto append = [](Promise<std::string>& shared, const char* tail) -> Promise<> {
    std::string& text = co_await shared;
    text += tail;
  };
  append(promise, "b").detach();
  append(promise, "c").detach();
  promise.then([this](std::string& text) { heard = text; }).detach();
  loop().run();
  EXPECT_EQ(heard, "abc");
}

TEST_F(Coroutines, await_a_temporary_promise_for_a_value_that_cannot_be_copied) {
  auto make = []() -> Promise<std::unique_ptr<int>> {
    co_await 0;
    co_return std::make_unique<int>(42);
  };
  auto run = [](decltype(make) source, std::string& out) -> Promise<> {
    std::unique_ptr<int> value = co_await source();
    out = std::to_string(*value);
  };
  run(make, heard).detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Coroutines, copy_the_awaited_value_if_somebody_else_can_see_it) {
  auto promise = Promise<std::string>::resolve("shared");
  auto run = [](Promise<std::string> mine, std::string& out) -> Promise<> {
    out = co_await std::move(mine);
  };
  run(promise, heard).detach();
  loop().run();
  std::string still;
  promise.then([&](const std::string& text) { still = text; }).detach();
  loop().run();
  EXPECT_EQ(heard, "shared");
  EXPECT_EQ(still, "shared");
}

TEST_F(Coroutines, await_a_promise_twice) {
  auto promise = Promise<int>::resolve(21);
  auto run = [](Promise<int> twice, std::string& out) -> Promise<> {
    const int first = co_await twice;
    const int second = co_await twice;
    out = std::to_string(first + second);
  };
  run(promise, heard).detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Coroutines, await_plain_values) {
  auto run = [](std::string& out) -> Promise<> { out = co_await std::string("plain"); };
  run(heard).detach();
  EXPECT_EQ(heard, "");
  loop().run();
  EXPECT_EQ(heard, "plain");
}

TEST_F(Coroutines, take_turns) {
  auto run = [](std::string name, std::string& out) -> Promise<> {
    for (int i = 0; i < 3; ++i) {
      out += name;
      co_await 0;
    }
  };
  run("a", heard).detach();
  run("b", heard).detach();
  loop().run();
  EXPECT_EQ(heard, "ababab");
}

TEST_F(Coroutines, keep_their_parameters_until_they_end) {
  auto held = std::make_shared<int>(42);
  auto run = [](std::shared_ptr<int> value, std::string& out) -> Promise<> {
    co_await sleep(1ms);
    out = std::to_string(*value);
  };
  run(held, heard).detach();
  EXPECT_EQ(held.use_count(), 2);
  loop().run();
  EXPECT_EQ(heard, "42");
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Coroutines, hear_of_a_broken_promise) {
  auto run = [](Promise<> never, std::string& out) -> Promise<> {
    try {
      co_await never;
    } catch (const std::future_error& error) {
      out = error.code() == std::future_errc::broken_promise ? "broken" : "other";
    }
  };
  auto pair = std::make_optional(Promise<>::with_resolver());
  run(pair->promise, heard).detach();
  pair.reset();
  loop().run();
  EXPECT_EQ(heard, "broken");
}

TEST_F(Coroutines, return_the_outcome_of_a_promise) {
  auto run = []() -> Promise<int> { co_return Promise<int>::resolve(42); };
  run().then([this](int value) { heard = std::to_string(value); }).detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Coroutines, call_each_other_deeply) {
  struct Recursion {
    static Promise<int> descend(int depth) {
      if (depth == 0) co_return 0;
      co_return 1 + co_await descend(depth - 1);
    }
  };
  Recursion::descend(1000).then([this](int depth) { heard = std::to_string(depth); }).detach();
  loop().run();
  EXPECT_EQ(heard, "1000");
}

// --- Context.

TEST_F(Coroutines, keep_their_context_across_awaits) {
  AsyncLocalStorage<int> storage;
  auto run = [](AsyncLocalStorage<int>& store, std::string& out) -> Promise<> {
    out += std::to_string(*store.get_store());
    co_await sleep(1ms);
    out += std::to_string(*store.get_store());
  };
  storage.run(1, run, storage, heard).detach();
  storage.run(2, run, storage, heard).detach();
  loop().run();
  EXPECT_EQ(heard, "1212");
}

TEST_F(Coroutines, leak_what_they_enter_before_the_first_await_to_their_caller) {
  AsyncLocalStorage<int> storage;
  auto run = [](AsyncLocalStorage<int>& store) -> Promise<> {
    store.enter_with(1);
    co_await 0;
    store.enter_with(2);
  };
  run(storage).detach();
  loop().run();
  EXPECT_EQ(*storage.get_store(), 1);
}

TEST_F(Coroutines, hold_a_scope_across_an_await) {
  AsyncLocalStorage<int> storage;
  auto run = [](AsyncLocalStorage<int>& store, std::string& out) -> Promise<> {
    {
      const auto scope = store.with_scope(1);
      co_await 0;
      out += std::to_string(*store.get_store());
    }
    out += store.get_store() ? "set" : "-";
  };
  run(storage, heard).detach();
  EXPECT_EQ(*storage.get_store(), 1) << "the caller sees it too, as in Node";
  loop().run();
  EXPECT_EQ(heard, "1-");
}

// --- At the Loop's end suspended coroutines are destroyed where they stand.

class AbandonedCoroutines : public Coroutines {};

TEST_F(AbandonedCoroutines, waiting_for_a_timer_lose_their_locals) {
  auto run = [](std::string& out) -> Promise<> {
    Local local(out);
    co_await sleep(1h);
    out += "resumed";
  };
  run(heard).detach();
  destroy_loop();
  EXPECT_EQ(heard, "~");
}

TEST_F(AbandonedCoroutines, waiting_for_a_microtask_lose_their_locals) {
  auto run = [](std::string& out) -> Promise<> {
    Local local(out);
    co_await 0;
    out += "resumed";
  };
  run(heard).detach();
  destroy_loop();
  EXPECT_EQ(heard, "~");
}

TEST_F(AbandonedCoroutines, waiting_for_each_other_unwind_all) {
  struct Recursion {
    static Promise<> descend(int depth, std::string& out) {
      Local local(out, std::to_string(depth));
      if (depth == 0) {
        co_await sleep(1h);
      } else {
        co_await descend(depth - 1, out);
      }
    }
  };
  Recursion::descend(3, heard).detach();
  destroy_loop();
  EXPECT_EQ(heard.size(), 4u);
}

TEST_F(AbandonedCoroutines, whose_promise_somebody_holds_lose_their_locals_with_it) {
  auto run = [](std::string& out) -> Promise<> {
    Local local(out);
    co_await sleep(1h);
  };
  close_ledger();
  auto held = std::make_optional(run(heard));
  destroy_loop();
  EXPECT_EQ(heard, "");
  held.reset();
  EXPECT_EQ(heard, "~");
}

TEST_F(AbandonedCoroutines, whose_resolver_somebody_holds_lose_their_locals) {
  auto run = [](Promise<> promise, std::string& out) -> Promise<> {
    Local local(out);
    co_await promise;
    out += "resumed";
  };
  close_ledger();
  auto [promise, resolver] = Promise<>::with_resolver();
  run(promise, heard).detach();
  destroy_loop();
  EXPECT_EQ(heard, "~");
}

TEST_F(AbandonedCoroutines, waiting_for_what_nobody_can_settle_lose_their_locals) {
  auto run = [](std::string& out) -> Promise<> {
    Local local(out);
    co_await race(std::vector<Promise<>>{});
  };
  run(heard).detach();
  loop().run();
  destroy_loop();
  EXPECT_EQ(heard, "~");
}

TEST_F(AbandonedCoroutines, waiting_for_each_other_in_a_circle_lose_their_locals) {
  struct Circle {
    static Promise<> wait(std::shared_ptr<Circle> circle, int other, std::string& out) {
      Local local(out);
      co_await 0;
      co_await *circle->promises[other];
    }
    std::optional<Promise<>> promises[2];
  };
  auto circle = std::make_shared<Circle>();
  for (int i : {0, 1}) circle->promises[i] = Circle::wait(circle, 1 - i, heard);
  loop().run();
  for (auto& promise : circle->promises) promise.reset();
  destroy_loop();
  EXPECT_EQ(heard, "~~");
}

TEST_F(AbandonedCoroutines, waiting_for_themselves_lose_their_locals) {
  auto run = [](std::optional<Promise<>>& own, std::string& out) -> Promise<> {
    Local local(out);
    co_await 0;
    Promise<> self = *std::exchange(own, std::nullopt);
    co_await std::move(self);
  };
  std::optional<Promise<>> own;
  own = run(own, heard);
  loop().run();
  destroy_loop();
  EXPECT_EQ(heard, "~");
}

TEST_F(AbandonedCoroutines, may_start_others_as_they_unwind) {
  struct Restless {
    ~Restless() {
      set_timeout([] {}, 1h);
      next_tick([] {});
      sleep(1h).then([&text = *out] { text += "never"; }).detach();
      *out += "~";
    }
    std::string* out;
  };
  auto run = [](std::string& out) -> Promise<> {
    Restless restless{&out};
    co_await sleep(1h);
  };
  run(heard).detach();
  destroy_loop();
  EXPECT_EQ(heard, "~");
}

TEST_F(AbandonedCoroutines, drop_the_chains_that_wait_for_them) {
  auto held = std::make_shared<int>(1);
  auto run = []() -> Promise<int> {
    co_await sleep(1h);
    co_return 1;
  };
  run().then([held](int) { return 2; }).finally([held] {}).detach();
  destroy_loop();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(AbandonedCoroutines, in_combinators_lose_their_locals) {
  auto run = [](std::string& out) -> Promise<> {
    Local local(out);
    co_await sleep(1h);
  };
  auto wait = [](Promise<> both, std::string& out) -> Promise<> {
    Local local(out);
    co_await both;
  };
  std::vector<Promise<>> two;
  two.push_back(run(heard));
  two.push_back(run(heard));
  wait(all(std::move(two)), heard).detach();
  destroy_loop();
  EXPECT_EQ(heard, "~~~");
}

}  // namespace
}  // namespace contrail
