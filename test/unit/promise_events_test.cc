// What hooks see of promises, event for event as Node shows it.

#include <stdexcept>
#include <string>
#include <vector>

#include "contrail/promise.h"
#include "contrail/promise_combinators.h"
#include "contrail/timers.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class PromiseEvents : public LoopTest {
 protected:
  auto note(std::string text) {
    return [this, text = std::move(text)] { trace.note(text); };
  }
  std::string events() {
    loop().run();
    trace.stop();
    return trace.text();
  }
  Trace trace;
};

TEST_F(PromiseEvents, of_a_constructor_begin_before_its_executor) {
  Promise<> promise([&](Resolver<> resolver) {
    trace.note("executor");
    resolver.resolve();
  });
  EXPECT_EQ(events(), "+P1(t=root) [executor] !P1");
}

TEST_F(PromiseEvents, of_a_rejection_are_a_promise_resolve_too) {
  loop().set_unhandled_rejections(UnhandledRejections::none);
  const auto promise = Promise<>::reject(std::runtime_error("no"));
  EXPECT_EQ(events(), "+P1(t=root) !P1");
}

TEST_F(PromiseEvents, of_a_reaction_are_those_of_the_promise_it_derives) {
  const auto source = Promise<>::resolve();
  const auto derived = source.then(note("then"));
  EXPECT_EQ(events(), "+P1(t=root) !P1 +P2(t=P1,e=root) >P2 [then] !P2 <P2");
}

TEST_F(PromiseEvents, of_a_rejection_that_passes_a_then_are_the_same) {
  loop().set_unhandled_rejections(UnhandledRejections::none);
  const auto source = Promise<>::reject(std::runtime_error("no"));
  const auto derived = source.then(note("skipped"));
  EXPECT_EQ(events(), "+P1(t=root) !P1 +P2(t=P1,e=root) >P2 !P2 <P2");
}

TEST_F(PromiseEvents, of_a_chain) {
  const auto p1 = Promise<>::resolve();
  const auto p2 = p1.then(note("t1"));
  const auto p3 = p2.then(note("t2"));
  EXPECT_EQ(events(),
            "+P1(t=root) !P1 +P2(t=P1,e=root) +P3(t=P2,e=root) >P2 [t1] !P2 <P2 >P3 [t2] !P3 <P3");
}

TEST_F(PromiseEvents, of_a_reaction_are_not_nested_in_whoever_resolves) {
  auto [p1, resolver] = Promise<>::with_resolver();
  const auto p2 = p1.then(note("then"));
  set_timeout([resolver = std::move(resolver)]() mutable { resolver.resolve(); });
  EXPECT_EQ(events(),
            "+P1(t=root) +P2(t=P1,e=root) +Timeout1(t=root) >Timeout1 !P1 <Timeout1 "
            ">P2 [then] !P2 <P2 xTimeout1");
}

TEST_F(PromiseEvents, of_a_reaction_that_returns_a_promise) {
  const auto p1 = Promise<>::resolve();
  const auto p2 = p1.then([] { return Promise<>::resolve(); });
  const auto p3 = p2.then(note("end"));
  EXPECT_EQ(events(),
            "+P1(t=root) !P1 +P2(t=P1,e=root) +P3(t=P2,e=root) >P2 +P4(t=P2) !P4 <P2 "
            ">P2 +P5(t=P4,e=P2) <P2 >P5 !P2 !P5 <P5 >P3 [end] !P3 <P3");
}

TEST_F(PromiseEvents, of_a_promise_resolved_with_a_pending_one) {
  auto [p1, inner] = Promise<>::with_resolver();
  auto [p2, outer] = Promise<>::with_resolver();
  const auto p3 = p2.then(note("then"));
  outer.resolve(p1);
  set_immediate([&inner = inner] { inner.resolve(); });
  EXPECT_EQ(events(),
            "+P1(t=root) +P2(t=root) +P3(t=P2,e=root) +Imm1(t=root) >P2 +P4(t=P1,e=P2) <P2 "
            ">Imm1 !P1 <Imm1 >P4 !P2 !P4 <P4 >P3 [then] !P3 <P3 xImm1");
}

TEST_F(PromiseEvents, of_finally) {
  const auto p1 = Promise<>::resolve();
  const auto p2 = p1.finally(note("finally"));
  const auto p3 = p2.then(note("end"));
  EXPECT_EQ(events(),
            "+P1(t=root) !P1 +P2(t=P1,e=root) +P3(t=P2,e=root) >P2 [finally] +P4(t=P2) !P4 "
            "+P5(t=P4,e=P2) <P2 >P5 !P5 <P5 >P2 +P6(t=P5,e=P2) <P2 >P6 !P2 !P6 <P6 "
            ">P3 [end] !P3 <P3");
}

TEST_F(PromiseEvents, of_all) {
  const auto p1 = Promise<>::resolve();
  const auto p2 = Promise<>::resolve();
  const auto p3 = all(std::vector{p1, p2});
  EXPECT_EQ(events(),
            "+P1(t=root) !P1 +P2(t=root) !P2 +P3(t=root) +P4(t=P1,e=root) +P5(t=P2,e=root) "
            ">P4 !P4 <P4 >P5 !P3 !P5 <P5");
}

TEST_F(PromiseEvents, of_an_unhandled_rejection_are_a_second_after) {
  loop().on_uncaught_exception([&](std::exception_ptr) { trace.note("UE"); });
  const auto p1 = Promise<>::resolve();
  const auto p2 = p1.then([&] {
    trace.note("then");
    throw std::runtime_error("no");
  });
  EXPECT_EQ(events(),
            "+P1(t=root) !P1 +P2(t=P1,e=root) >P2 [then] !P2 <P2 [UE] +Imm1(t=P2) <P2 "
            ">Imm1 <Imm1 xImm1");
}

// --- Coroutines.

TEST_F(PromiseEvents, of_a_coroutine_that_awaits_a_value) {
  auto run = [](Trace& events) -> Promise<> {
    events.note("start");
    co_await 1;
    events.note("resumed");
  };
  const auto p1 = run(trace);
  trace.note("sync end");
  EXPECT_EQ(events(),
            "+P1(t=root) [start] +P2(t=P1,e=root) !P2 +P3(t=P2,e=root) [sync end] "
            ">P3 [resumed] !P1 !P3 <P3");
}

TEST_F(PromiseEvents, of_a_later_await_are_triggered_by_the_promise_of_the_coroutine) {
  auto run = [](Trace& events) -> Promise<> {
    co_await 1;
    events.note("r1");
    co_await 2;
    events.note("r2");
  };
  const auto p1 = run(trace);
  EXPECT_EQ(events(),
            "+P1(t=root) +P2(t=P1,e=root) !P2 +P3(t=P2,e=root) >P3 [r1] +P4(t=P1,e=P3) !P4 "
            "+P5(t=P4,e=P3) !P3 <P3 >P5 [r2] !P1 !P5 <P5");
}

TEST_F(PromiseEvents, of_a_coroutine_that_awaits_a_promise) {
  auto run = [](Trace& events, Promise<> awaited) -> Promise<> {
    co_await awaited;
    events.note("resumed");
  };
  auto [p1, resolver] = Promise<>::with_resolver();
  const auto p2 = run(trace, p1);
  set_immediate([&resolver = resolver] { resolver.resolve(); });
  EXPECT_EQ(events(),
            "+P1(t=root) +P2(t=root) +P3(t=P1,e=root) +Imm1(t=root) >Imm1 !P1 <Imm1 "
            ">P3 [resumed] !P2 !P3 <P3 xImm1");
}

TEST_F(PromiseEvents, of_a_coroutine_that_returns_a_promise) {
  auto run = [](Promise<int> result) -> Promise<int> { co_return result; };
  const auto p1 = Promise<int>::resolve(1);
  const auto p2 = run(p1);
  EXPECT_EQ(events(), "+P1(t=root) !P1 +P2(t=root) >P2 +P3(t=P1,e=P2) <P2 >P3 !P2 !P3 <P3");
}

TEST_F(PromiseEvents, of_a_coroutine_that_never_suspends) {
  auto run = [](Trace& events) -> Promise<> {
    events.note("body");
    co_return;
  };
  const auto p1 = run(trace);
  EXPECT_EQ(events(), "+P1(t=root) [body] !P1");
}

TEST_F(PromiseEvents, of_a_coroutine_that_throws) {
  loop().set_unhandled_rejections(UnhandledRejections::none);
  auto run = []() -> Promise<> {
    co_await 1;
    throw std::runtime_error("no");
  };
  const auto p1 = run();
  EXPECT_EQ(events(), "+P1(t=root) +P2(t=P1,e=root) !P2 +P3(t=P2,e=root) >P3 !P1 !P3 <P3");
}

// --- destroy follows the last reference: Node waits for its collector.

TEST(PromiseDestroys, follow_the_last_reference) {
  Loop loop;
  Trace trace(Trace::PromiseDestroys::shown);
  {
    auto promise = Promise<>::resolve();
    auto copy = promise;
  }
  loop.run();
  EXPECT_EQ(trace.text(), "+P1(t=root) !P1 xP1");
}

TEST(PromiseDestroys, come_after_the_last_after_of_a_dropped_chain) {
  Loop loop;
  Trace trace(Trace::PromiseDestroys::shown);
  Promise<>::resolve().then([] {}).detach();
  loop.run();
  EXPECT_EQ(trace.text(), "+P1(t=root) !P1 +P2(t=P1,e=root) >P2 !P2 <P2 xP2 xP1");
}

TEST(PromiseDestroys, of_what_an_await_made_come_with_the_coroutine) {
  Loop loop;
  Trace trace(Trace::PromiseDestroys::shown);
  auto run = []() -> Promise<> { co_await 1; };
  run().detach();
  loop.run();
  for (const char* event : {"xP1", "xP2", "xP3"}) {
    EXPECT_NE(trace.text().find(event), std::string::npos) << event;
  }
}

}  // namespace
}  // namespace contrail
