#include "contrail/thenable.h"

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/async_local_storage.h"
#include "contrail/execution.h"
#include "contrail/promise.h"
#include "loop_test.h"

namespace contrail {
namespace {

/// Foreign: its then() does what it is told.
template <class T>
struct Foreign {
  using value_type = T;
  void then(Resolver<T> resolver) { fn(std::move(resolver)); }
  Function<void(Resolver<T>)> fn;
};

Foreign<int> with(int value) {
  return {[value](Resolver<int> resolver) { resolver.resolve(value); }};
}

struct Future {
  using value_type = int;
  Future then(Resolver<int>) { return {}; }
};

static_assert(ThenableOf<Foreign<int>, int>);
static_assert(!ThenableOf<Foreign<int>, long>);
static_assert(!Thenable<Promise<int>> && !Thenable<std::string> && !Thenable<int>);
static_assert(!Thenable<Future>);  // Its then() is something else: it returns.

class Thenables : public LoopTest {
 protected:
  auto note() {
    return [this](int value) { heard += std::to_string(value) + " "; };
  }
  auto note_error() {
    return [this](std::exception_ptr error) {
      try {
        std::rethrow_exception(std::move(error));
      } catch (const std::exception& exception) {
        heard += exception.what();
      }
    };
  }
  std::string heard;
};

TEST_F(Thenables, are_asked_in_a_microtask) {
  const auto promise = Promise<int>::resolve(with(1));
  EXPECT_TRUE(promise.pending());
  promise.then(note()).detach();
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, settle_what_a_resolver_is_resolved_with) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  promise.then(note()).detach();
  resolver.resolve(with(1));
  resolver.resolve(2);
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, settle_later_and_only_once) {
  auto kept = std::make_shared<std::vector<Resolver<int>>>();
  Foreign<int> later{[kept](Resolver<int> resolver) { kept->push_back(std::move(resolver)); }};
  const auto promise = Promise<int>::resolve(std::move(later));
  promise.then(note()).detach();
  loop().run();
  EXPECT_TRUE(promise.pending());
  kept->front().resolve(1);
  kept->front().resolve(2);
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, take_the_right_to_settle_from_the_first_resolver) {
  auto kept = std::make_shared<std::vector<Resolver<int>>>();
  auto [promise, resolver] = Promise<int>::with_resolver();
  promise.then(note()).detach();
  resolver.resolve(Foreign<int>{[kept](Resolver<int> own) { kept->push_back(std::move(own)); }});
  loop().run();
  resolver.resolve(1);
  EXPECT_TRUE(promise.pending());
  kept->front().resolve(2);
  loop().run();
  EXPECT_EQ(heard, "2 ");
}

TEST_F(Thenables, reject_with_what_then_throws) {
  auto thrower = [](Resolver<int>) { throw std::runtime_error("no"); };
  Promise<int>::resolve(Foreign<int>{thrower}).then(note(), note_error()).detach();
  loop().run();
  EXPECT_EQ(heard, "no");
}

TEST_F(Thenables, lose_what_then_throws_after_it_has_settled) {
  auto thrower = [](Resolver<int> resolver) {
    resolver.resolve(1);
    throw std::runtime_error("no");
  };
  Promise<int>::resolve(Foreign<int>{thrower}).then(note(), note_error()).detach();
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, break_the_promise_when_they_drop_the_resolver) {
  Promise<int>::resolve(Foreign<int>{[](Resolver<int>) {}}).detach();
  EXPECT_THROW(loop().run(), std::future_error);
}

TEST_F(Thenables, may_stand_for_each_other) {
  auto outer = [](Resolver<int> resolver) { resolver.resolve(with(1)); };
  Promise<int>::resolve(Foreign<int>{outer}).then(note()).detach();
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, may_stand_for_a_promise) {
  auto outer = [](Resolver<int> resolver) { resolver.resolve(Promise<int>::resolve(1)); };
  Promise<int>::resolve(Foreign<int>{outer}).then(note()).detach();
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, cannot_stand_for_the_promise_that_waits_for_them) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  promise.then(note(), note_error()).detach();
  resolver.resolve(Foreign<int>{[waiting = promise](Resolver<int> own) { own.resolve(waiting); }});
  loop().run();
  EXPECT_EQ(heard, "Chaining cycle detected for promise #<Promise>");
}

Promise<void> await_one(std::string& heard) {
  auto thenable = with(1);
  heard += std::to_string(co_await std::move(thenable));
}

TEST_F(Thenables, can_be_awaited) {
  await_one(heard).detach();
  EXPECT_EQ(heard, "");
  loop().run();
  EXPECT_EQ(heard, "1");
}

Promise<int> return_one() { co_return with(1); }

TEST_F(Thenables, can_be_returned_from_a_coroutine) {
  return_one().then(note()).detach();
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, can_be_returned_from_a_reaction) {
  Promise<int>::resolve(1).then([](int value) { return with(value + 1); }).then(note()).detach();
  loop().run();
  EXPECT_EQ(heard, "2 ");
}

TEST_F(Thenables, can_be_returned_from_a_reaction_only_sometimes) {
  using Outcome = std::variant<int, Promise<int>, Foreign<int>>;
  auto two = [](int) -> Outcome { return with(2); };
  auto plain = [](int value) -> Outcome { return value + 1; };
  Promise<int>::resolve(1).then(two).then(plain).then(note()).detach();
  loop().run();
  EXPECT_EQ(heard, "3 ");
}

TEST_F(Thenables, hold_up_what_finally_passes_on) {
  Promise<int>::resolve(1).finally([] { return with(2); }).then(note()).detach();
  loop().run();
  EXPECT_EQ(heard, "1 ");
}

TEST_F(Thenables, may_promise_nothing) {
  Foreign<void> done{[](Resolver<> resolver) { resolver.resolve(); }};
  Promise<>::resolve(std::move(done)).then([this] { heard += "done"; }).detach();
  loop().run();
  EXPECT_EQ(heard, "done");
}

TEST_F(Thenables, may_promise_what_cannot_be_copied) {
  using Owned = std::unique_ptr<int>;
  Foreign<Owned> owned{
      [](Resolver<Owned> resolver) { resolver.resolve(std::make_unique<int>(1)); }};
  Promise<Owned>::resolve(std::move(owned))
      .then([this](Owned value) { heard += std::to_string(*value); })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "1");
}

TEST_F(Thenables, run_in_the_context_of_the_call_that_adopted_them) {
  AsyncLocalStorage<int> storage;
  auto look = [&](Resolver<int> resolver) {
    resolver.resolve(*storage.get_store());
    storage.enter_with(2);
  };
  storage.run(1, [&] { Promise<int>::resolve(Foreign<int>{look}).then(note()).detach(); });
  loop().run();
  EXPECT_EQ(heard, "1 ");
  EXPECT_EQ(storage.get_store(), nullptr);
}

TEST_F(Thenables, run_as_the_promise_that_waits) {
  AsyncHook hook({.before = [](AsyncId) {}});
  hook.enable();
  AsyncId executing = no_async_id;
  const auto promise = Promise<int>::resolve(Foreign<int>{[&](Resolver<int> resolver) {
    executing = execution_async_id();
    resolver.resolve(1);
  }});
  loop().run();
  EXPECT_EQ(executing, promise.async_id());
}

}  // namespace
}  // namespace contrail
