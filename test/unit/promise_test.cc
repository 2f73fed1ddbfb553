#include "contrail/promise.h"

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

std::string text_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

class Promises : public LoopTest {
 protected:
  auto note(std::string name) {
    return [this, name = std::move(name)] { heard += name; };
  }
  auto note_error() {
    return [this](std::exception_ptr error) { heard += text_of(std::move(error)); };
  }
  std::string heard;
};

// --- Settling.

TEST_F(Promises, call_the_executor_at_once) {
  Promise<int> promise([this](Resolver<int> resolver) {
    heard += "executor";
    resolver.resolve(1);
  });
  EXPECT_EQ(heard, "executor");
  EXPECT_FALSE(promise.pending());
}

TEST_F(Promises, are_rejected_with_what_the_executor_throws) {
  Promise<int> promise([](Resolver<int>) { throw std::runtime_error("no"); });
  promise.then([](int) {}, note_error()).detach();
  loop().run();
  EXPECT_EQ(heard, "no");
}

TEST_F(Promises, are_broken_when_the_executor_drops_its_resolver) {
  const Promise<int> promise([](Resolver<int>) {});
  EXPECT_FALSE(promise.pending());
  EXPECT_THROW(loop().run(), std::future_error);
}

TEST_F(Promises, keep_their_first_outcome) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  resolver.resolve(1);
  resolver.resolve(2);
  resolver.reject(std::runtime_error("no"));
  promise.then([this](int value) { heard += std::to_string(value); }).detach();
  loop().run();
  EXPECT_EQ(heard, "1");
}

TEST_F(Promises, are_pending_until_they_are_settled) {
  auto [promise, resolver] = Promise<>::with_resolver();
  EXPECT_TRUE(promise.pending());
  resolver.resolve();
  EXPECT_FALSE(promise.pending());
}

TEST_F(Promises, are_rejected_when_their_resolver_dies_unused) {
  auto pair = std::make_optional(Promise<>::with_resolver());
  Promise<> promise = pair->promise;
  pair.reset();
  bool broken = false;
  promise
      .catch_error([&](std::exception_ptr error) {
        try {
          std::rethrow_exception(error);
        } catch (const std::future_error& exception) {
          broken = exception.code() == std::future_errc::broken_promise;
        }
      })
      .detach();
  loop().run();
  EXPECT_TRUE(broken);
}

TEST_F(Promises, are_rejected_when_their_resolver_is_assigned_another) {
  auto [first, resolver] = Promise<>::with_resolver();
  auto [second, other] = Promise<>::with_resolver();
  resolver = std::move(other);
  EXPECT_FALSE(first.pending());
  EXPECT_TRUE(second.pending());
  first.catch_error([](std::exception_ptr) {}).detach();
  resolver.resolve();
  loop().run();
}

TEST_F(Promises, settle_like_a_result) {
  auto good = Promise<int>::with_resolver();
  auto bad = Promise<int>::with_resolver();
  good.resolver.settle(42);
  bad.resolver.settle(Error(-2, "open"));
  good.promise.then([this](int value) { heard += std::to_string(value); }).detach();
  bad.promise.then([](int) {}, note_error()).detach();
  loop().run();
  EXPECT_EQ(heard, "42open: ENOENT: no such file or directory");
}

TEST_F(Promises, share_their_outcome_with_copies) {
  auto [promise, resolver] = Promise<std::string>::with_resolver();
  Promise<std::string> copy = promise;
  resolver.resolve("x");
  promise.then([this](const std::string& text) { heard += text; }).detach();
  copy.then([this](const std::string& text) { heard += text; }).detach();
  loop().run();
  EXPECT_EQ(heard, "xx");
}

TEST_F(Promises, resolved_with_a_promise_are_that_promise) {
  auto promise = Promise<int>::resolve(1);
  EXPECT_EQ(Promise<int>::resolve(promise).async_id(), promise.async_id());
}

// --- then, catch_error, finally

TEST_F(Promises, call_reactions_later) {
  Promise<>::resolve().then(note("later")).detach();
  EXPECT_EQ(heard, "");
  loop().run();
  EXPECT_EQ(heard, "later");
}

TEST_F(Promises, call_reactions_in_the_order_of_their_adding) {
  auto [promise, resolver] = Promise<>::with_resolver();
  for (const char* name : {"a", "b", "c"}) promise.then(note(name)).detach();
  resolver.resolve();
  loop().run();
  EXPECT_EQ(heard, "abc");
}

TEST_F(Promises, pass_results_down_a_chain) {
  Promise<int>::resolve(20)
      .then([](int value) { return value + 1; })
      .then([](int value) { return std::to_string(2 * value); })
      .then([this](const std::string& text) { heard += text; })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Promises, pass_errors_over_reactions_without_a_handler) {
  Promise<int>::reject(std::runtime_error("no"))
      .then([this](int) { heard += "skipped"; })
      .catch_error(note_error())
      .detach();
  loop().run();
  EXPECT_EQ(heard, "no");
}

TEST_F(Promises, pass_values_over_error_handlers) {
  Promise<int>::resolve(42)
      .catch_error([](std::exception_ptr) { return 0; })
      .then([this](int value) { heard += std::to_string(value); })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Promises, go_on_with_what_an_error_handler_returns) {
  Promise<int>::reject(std::runtime_error("no"))
      .catch_error([](std::exception_ptr) { return 42; })
      .then([this](int value) { heard += std::to_string(value); })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Promises, are_rejected_with_what_a_reaction_throws) {
  Promise<>::resolve()
      .then([] { throw std::runtime_error("no"); })
      .catch_error(note_error())
      .detach();
  loop().run();
  EXPECT_EQ(heard, "no");
}

TEST_F(Promises, call_one_of_the_two_handlers_of_then) {
  auto both = [this](Promise<int> promise) {
    promise.then([this](int) { heard += "v"; }, [this](std::exception_ptr) { heard += "e"; })
        .detach();
  };
  both(Promise<int>::resolve(1));
  both(Promise<int>::reject(std::runtime_error("no")));
  loop().run();
  EXPECT_EQ(heard, "ve");
}

TEST_F(Promises, wait_for_the_promise_a_reaction_returns) {
  Promise<>::resolve().then([] { return sleep(2ms); }).then(note("slept")).detach();
  loop().run();
  EXPECT_EQ(heard, "slept");
}

TEST_F(Promises, fail_like_the_promise_a_reaction_returns) {
  Promise<>::resolve()
      .then([] { return Promise<int>::reject(std::runtime_error("inner")); })
      .then([](int) {}, note_error())
      .detach();
  loop().run();
  EXPECT_EQ(heard, "inner");
}

TEST_F(Promises, take_the_outcome_of_a_promise_they_are_resolved_with) {
  auto [outer, resolver] = Promise<int>::with_resolver();
  auto [inner, inner_resolver] = Promise<int>::with_resolver();
  resolver.resolve(inner);
  EXPECT_TRUE(outer.pending());
  inner_resolver.resolve(42);
  outer.then([this](int value) { heard += std::to_string(value); }).detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Promises, are_rejected_when_resolved_with_themselves) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  resolver.resolve(promise);
  promise.then([](int) {}, note_error()).detach();
  loop().run();
  EXPECT_EQ(heard, "Chaining cycle detected for promise #<Promise>");
}

TEST_F(Promises, call_finally_either_way_and_pass_the_outcome_on) {
  Promise<int>::resolve(1)
      .finally(note("f"))
      .then([this](int value) { heard += std::to_string(value); })
      .detach();
  Promise<int>::reject(std::runtime_error("e"))
      .finally(note("f"))
      .then([](int) {}, note_error())
      .detach();
  loop().run();
  EXPECT_EQ(heard, "ff1e");
}

TEST_F(Promises, wait_for_the_promise_of_finally) {
  Promise<int>::resolve(1)
      .finally([] { return sleep(2ms); })
      .then([this](int) { heard += "after"; })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "after");
}

TEST_F(Promises, fail_with_what_finally_throws) {
  Promise<int>::resolve(1)
      .finally([] { throw std::runtime_error("cleanup"); })
      .then([](int) {}, note_error())
      .detach();
  loop().run();
  EXPECT_EQ(heard, "cleanup");
}

TEST_F(Promises, move_values_that_cannot_be_copied_down_a_chain) {
  Promise<std::unique_ptr<int>>::resolve(std::make_unique<int>(42))
      .then([](std::unique_ptr<int> value) { return value; })
      .then([this](std::unique_ptr<int> value) { heard += std::to_string(*value); })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "42");
}

TEST_F(Promises, lend_their_value_to_reactions_that_take_a_reference) {
  auto promise = Promise<std::string>::resolve("a");
  promise.then([](std::string& text) { text += "b"; }).detach();
  promise.then([this](std::string& text) { heard = text; }).detach();
  loop().run();
  EXPECT_EQ(heard, "ab");
}

TEST_F(Promises, let_go_of_callbacks_once_they_ran) {
  auto held = std::make_shared<int>(1);
  auto promise = Promise<>::resolve();
  promise.then([held] {}).detach();
  loop().run();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Promises, let_go_of_their_value_with_their_last_reference) {
  auto held = std::make_shared<int>(1);
  auto promise = std::make_optional(Promise<std::shared_ptr<int>>::resolve(held));
  EXPECT_EQ(held.use_count(), 2);
  promise.reset();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Promises, free_long_chains_without_recursion) {
  auto [promise, resolver] = Promise<>::with_resolver();
  {
    Promise<> last = promise;
    for (int i = 0; i < 100'000; ++i) last = last.then([] {});
    last.then(note("end")).detach();
  }
  resolver.resolve();
  loop().run();
  EXPECT_EQ(heard, "end");
}

// --- Context.

TEST_F(Promises, carry_the_context_of_their_then) {
  AsyncLocalStorage<int> storage;
  auto pair = Promise<>::with_resolver();
  int seen = 0;
  storage.run(1, [&] { pair.promise.then([&] { seen = *storage.get_store(); }).detach(); });
  storage.run(2, [&] { pair.resolver.resolve(); });
  loop().run();
  EXPECT_EQ(seen, 1);
}

TEST_F(Promises, keep_what_a_reaction_enters_from_the_next_one) {
  AsyncLocalStorage<int> storage;
  const int* seen = nullptr;
  Promise<>::resolve()
      .then([&] { storage.enter_with(1); })
      .then([&] { seen = storage.get_store(); })
      .detach();
  loop().run();
  EXPECT_EQ(seen, nullptr);
}

// --- Rejections.

class Rejections : public Promises {
 protected:
  static void reject() { Promise<>::reject(std::runtime_error("unloved")).detach(); }
};

TEST_F(Rejections, that_nobody_handles_leave_through_run) {
  reject();
  EXPECT_THROW(loop().run(), std::runtime_error);
}

TEST_F(Rejections, are_judged_after_the_queues_were_drained) {
  auto promise = Promise<>::reject(std::runtime_error("late"));
  next_tick([&] { queue_microtask([&] { promise.catch_error(note_error()).detach(); }); });
  loop().run();
  EXPECT_EQ(heard, "late");
}

TEST_F(Rejections, are_raised_if_the_handler_comes_a_turn_too_late) {
  auto promise = Promise<>::reject(std::runtime_error("no"));
  set_immediate([&] { promise.catch_error([](std::exception_ptr) {}).detach(); });
  EXPECT_THROW(loop().run(), std::runtime_error);
  loop().run();
}

TEST_F(Rejections, are_those_of_the_last_promise_in_a_chain) {
  int raised = 0;
  loop().on_uncaught_exception([&](std::exception_ptr) { ++raised; });
  auto source = Promise<>::reject(std::runtime_error("no"));
  source.then([] {}).then([] {}).detach();
  loop().run();
  EXPECT_EQ(raised, 1);
}

TEST_F(Rejections, may_be_ignored) {
  loop().set_unhandled_rejections(UnhandledRejections::none);
  reject();
  EXPECT_NO_THROW(loop().run());
}

TEST_F(Rejections, may_be_only_a_warning) {
  loop().set_unhandled_rejections(UnhandledRejections::warn);
  reject();
  ::testing::internal::CaptureStderr();
  loop().run();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "contrail: unhandled rejection: unloved\n");
}

TEST_F(Rejections, are_told_to_a_handler_with_the_promise_and_its_context) {
  AsyncLocalStorage<int> storage;
  AsyncId told = 0, execution = 0;
  int store = 0;
  loop().on_unhandled_rejection([&](std::exception_ptr, AsyncId id) {
    told = id;
    execution = execution_async_id();
    store = *storage.get_store();
  });
  auto [promise, resolver] = Promise<>::with_resolver();
  storage.run(1, [&resolver = resolver] { resolver.reject(std::runtime_error("no")); });
  loop().run();
  EXPECT_EQ(told, promise.async_id());
  EXPECT_EQ(execution, promise.async_id());
  EXPECT_EQ(store, 1);
}

TEST_F(Rejections, have_no_id_while_no_hook_tracks_promises) {
  close_ledger();
  loop().run();
  AsyncId told = 99;
  loop().on_unhandled_rejection([&](std::exception_ptr, AsyncId id) { told = id; });
  reject();
  loop().run();
  EXPECT_EQ(told, no_async_id);
}

TEST_F(Rejections, told_to_a_handler_do_not_become_exceptions) {
  loop().on_unhandled_rejection(
      [this](std::exception_ptr error, AsyncId) { heard += text_of(std::move(error)); });
  reject();
  loop().run();
  EXPECT_EQ(heard, "unloved");
}

TEST_F(Rejections, whose_handler_throws_become_that_exception) {
  loop().on_unhandled_rejection(
      [](std::exception_ptr, AsyncId) { throw std::logic_error("handler"); });
  reject();
  EXPECT_THROW(loop().run(), std::logic_error);
}

TEST_F(Rejections, that_a_throwing_handler_did_not_get_to_hear_are_told_later) {
  loop().on_unhandled_rejection([this](std::exception_ptr error, AsyncId) {
    heard += text_of(error) + " ";
    std::rethrow_exception(error);
  });
  int raised = 0;
  loop().on_uncaught_exception([&](std::exception_ptr) { ++raised; });
  reject();
  Promise<>::reject(std::runtime_error("too")).detach();
  loop().run();
  EXPECT_EQ(heard, "unloved too ");
  EXPECT_EQ(raised, 2);
}

TEST_F(Rejections, that_a_throwing_handler_did_not_get_to_hear_leave_through_later_runs) {
  loop().on_unhandled_rejection(
      [](std::exception_ptr error, AsyncId) { std::rethrow_exception(error); });
  reject();
  Promise<>::reject(std::logic_error("too")).detach();
  EXPECT_THROW(loop().run(), std::runtime_error);
  EXPECT_THROW(loop().run(), std::logic_error);
  loop().run();
}

TEST_F(Rejections, let_ticks_of_their_handler_run) {
  loop().on_unhandled_rejection([this](std::exception_ptr, AsyncId) { next_tick(note("tick")); });
  reject();
  loop().run();
  EXPECT_EQ(heard, "tick");
}

// --- Reactions without arguments.

TEST_F(Promises, are_reacted_to_by_functions_that_do_not_ask_for_the_value) {
  Promise<int>::resolve(1).then([this] { heard += "a"; }).detach();
  Promise<int>::resolve(1)
      .then([] { return std::string("b"); }, [] { return std::string("?"); })
      .then([this](std::string& text) { heard += text; })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "ab");
}

TEST_F(Promises, are_reacted_to_by_functions_that_do_not_ask_for_the_error) {
  Promise<int>::reject(std::runtime_error("no"))
      .catch_error([] { return 1; })
      .then([this](int value) { heard += std::to_string(value); })
      .detach();
  Promise<int>::reject(std::runtime_error("no"))
      .then([this] { heard += "?"; }, [this] { heard += "2"; })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "21");
}

// --- Misuse.

using PromisesDeath = Promises;

TEST_F(PromisesDeath, moved_from_say_so) {
  auto promise = Promise<int>::resolve(1);
  auto moved = std::move(promise);
  const char* sentence = "this Promise was used after it was moved from";
  EXPECT_DEATH(promise.then([](int) {}).detach(), sentence);
  EXPECT_DEATH(static_cast<void>(promise.pending()), sentence);
  EXPECT_DEATH(static_cast<void>(promise.async_id()), sentence);
}

TEST_F(PromisesDeath, moved_from_cannot_be_awaited) {
  auto promise = Promise<int>::resolve(1);
  auto moved = std::move(promise);
  auto wait = [](Promise<int>& gone) -> Promise<> { co_await gone; };
  EXPECT_DEATH(wait(promise).detach(), "this Promise was used after it was moved from");
}

TEST_F(PromisesDeath, cannot_be_settled_on_another_thread) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  const auto* sentence = "a promise was settled on a thread other than its Loop's";
  auto settle = [resolver = &resolver] { resolver->resolve(1); };
  EXPECT_DEATH(std::thread(settle).join(), sentence);
  auto with_its_own_loop = [settle] {
    Loop other;
    settle();
  };
  EXPECT_DEATH(std::thread(with_its_own_loop).join(), sentence);
  resolver.resolve(1);
}

TEST_F(PromisesDeath, need_a_loop_for_a_reaction) {
  close_ledger();
  auto promise = Promise<int>::resolve(1);
  destroy_loop();
  EXPECT_DEATH(promise.then([](int) {}).detach(), "there is no Loop on this thread");
}

// --- values that throw when they are copied or moved

struct Unmovable {
  Unmovable() = default;
  Unmovable(const Unmovable&) { count(); }
  Unmovable(Unmovable&&) { count(); }
  static void count() {
    if (moves_left-- == 0) throw std::runtime_error("no move");
  }
  static inline int moves_left = -1;
};

TEST_F(Promises, are_rejected_with_what_their_value_throws_when_it_arrives) {
  std::string heard;
  auto [promise, resolver] = Promise<Unmovable>::with_resolver();
  promise
      .then([](Unmovable&) {}, [&](std::exception_ptr error) { heard = text_of(std::move(error)); })
      .detach();
  Unmovable value;
  Unmovable::moves_left = 1;  // Into the call, then into the promise.
  EXPECT_NO_THROW(resolver.resolve(std::move(value)));
  Unmovable::moves_left = -1;
  loop().run();
  EXPECT_EQ(heard, "no move");
}

}  // namespace
}  // namespace contrail
