// Contexts that hold contexts, a hundred thousand deep: the stack must not notice.

#include <deque>
#include <memory>
#include <optional>

#include "contrail/async_context.h"
#include "contrail/async_local_storage.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using async_context::Snapshot;
using async_context::Variable;

constexpr int depth = 100'000;

/// A value that holds the context in which it was made.
struct Link {
  explicit Link(int& count) : alive(&count) { ++*alive; }
  Link(Link&& other) noexcept
      : previous(std::move(other.previous)), alive(std::exchange(other.alive, nullptr)) {}
  ~Link() {
    if (alive) --*alive;
  }
  Snapshot previous;
  int* alive;
};

class DeepContexts : public LoopTest {
 protected:
  /// The innermost of `depth` contexts, each of which sets one of the variables in turn.
  template <class Variables>
  void build(Variables& variables) {
    innermost.emplace();
    for (int i = 0; i < depth; ++i) {
      auto& variable = variables[static_cast<std::size_t>(i) % variables.size()];
      innermost =
          innermost->run([&] { return variable.run(Link(alive), [] { return Snapshot(); }); });
    }
  }
  int alive = 0;
  std::optional<Snapshot> innermost;
};

TEST_F(DeepContexts, of_one_variable_are_released_without_recursion) {
  std::deque<Variable<Link>> variables(1);
  build(variables);
  EXPECT_EQ(alive, depth);
  innermost.reset();
  EXPECT_EQ(alive, 0);
}

TEST_F(DeepContexts, of_several_variables_are_released_without_recursion) {
  std::deque<Variable<Link>> variables(5);
  build(variables);
  innermost.reset();
  EXPECT_EQ(alive, 0);
}

TEST_F(DeepContexts, of_overflowing_variables_are_released_without_recursion) {
  std::deque<Variable<Link>> variables(12);
  build(variables);
  innermost.reset();
  EXPECT_EQ(alive, 0);
}

TEST_F(DeepContexts, are_released_by_disable_without_recursion) {
  AsyncLocalStorage<Link> storage;
  for (int i = 0; i < depth; ++i) storage.enter_with(Link(alive));
  EXPECT_EQ(alive, depth);
  storage.disable();
  EXPECT_EQ(alive, 0);
}

TEST_F(DeepContexts, are_released_by_the_end_of_run_without_recursion) {
  AsyncLocalStorage<Link> storage;
  storage.run(Link(alive), [&] {
    for (int i = 0; i < depth; ++i) storage.enter_with(Link(alive));
  });
  EXPECT_EQ(alive, 0);
}

TEST_F(DeepContexts, are_released_with_a_timer_without_recursion) {
  std::deque<Variable<Link>> variables(3);
  build(variables);
  innermost->run([] { set_timeout([] {}); });
  innermost.reset();
  EXPECT_EQ(alive, depth);
  loop().run();
  EXPECT_EQ(alive, 0);
}

TEST_F(DeepContexts, follow_a_chain_of_timers_without_growing) {
  AsyncLocalStorage<int> storage;
  int turns = 0;
  auto again = [&](auto& self) -> void {
    if (++turns == 20'000) return;
    storage.run(turns, [&] { set_immediate([&] { self(self); }); });
  };
  again(again);
  loop().run();
  EXPECT_EQ(turns, 20'000);
}

// --- The same for promises.

class DeepPromises : public LoopTest {};

TEST_F(DeepPromises, pending_chains_are_dropped_without_recursion) {
  auto held = std::make_shared<int>(1);
  auto pair = std::make_optional(Promise<>::with_resolver());
  {
    Promise<> last = pair->promise;
    for (int i = 0; i < depth; ++i) last = last.then([held] {});
    last.catch_error([](std::exception_ptr) {}).detach();
  }
  set_immediate([pair = std::move(*pair)] {});
  pair.reset();
  destroy_loop();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(DeepPromises, coroutines_that_wait_for_each_other_are_dropped_without_recursion) {
  auto held = std::make_shared<int>(1);
  auto wait = [](Promise<> before, std::shared_ptr<int> local) -> Promise<> {
    const auto keep = local;
    co_await before;
  };
  {
    Promise<> last = sleep(std::chrono::hours(1));
    for (int i = 0; i < depth; ++i) last = wait(std::move(last), held);
  }
  destroy_loop();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(DeepPromises, coroutines_that_wait_for_each_other_finish_without_recursion) {
  auto wait = [](Promise<int> before) -> Promise<int> { co_return 1 + co_await before; };
  Promise<int> last = Promise<int>::resolve(0);
  for (int i = 0; i < depth; ++i) last = wait(std::move(last));
  int sum = 0;
  last.then([&](int value) { sum = value; }).detach();
  loop().run();
  EXPECT_EQ(sum, depth);
}

TEST_F(DeepPromises, adopting_one_another_settle_without_recursion) {
  auto [first, resolver] = Promise<int>::with_resolver();
  Promise<int> last = first;
  for (int i = 0; i < depth; ++i) {
    auto [next, adopt] = Promise<int>::with_resolver();
    adopt.resolve(last);
    last = next;
  }
  int seen = 0;
  last.then([&](int value) { seen = value; }).detach();
  resolver.resolve(42);
  loop().run();
  EXPECT_EQ(seen, 42);
}

}  // namespace
}  // namespace contrail
