// co_await of what is neither a promise nor a thenable, but knows how to be awaited.

#include <coroutine>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

/// Another library's: ready at once, with a number.
struct Ready {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  int await_resume() { return value; }
  int value = 1;
};

/// Resumed by a timer; T is what it yields.
template <class T>
struct Later {
  explicit Later(T result) : value(std::move(result)) {}
  Later(const Later&) = delete;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    set_timeout([waiting] { waiting.resume(); }, 1ms);
  }
  T await_resume() { return std::move(value); }
  T value;
};

struct Nothing {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    set_timeout([waiting] { waiting.resume(); });
  }
  void await_resume() {}
};

struct Failing {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> waiting) {
    if (at_once) throw std::runtime_error("no start");
    set_timeout([waiting] { waiting.resume(); });
  }
  int await_resume() { throw std::runtime_error("no end"); }
  bool at_once = false;
};

/// Lends what it has.
struct Lending {
  bool await_ready() const { return true; }
  void await_suspend(std::coroutine_handle<>) {}
  std::string& await_resume() { return *text; }
  std::string* text;
};

struct WithMember {
  Ready operator co_await() && { return Ready{2}; }
};
struct WithFree {};
Ready operator co_await(const WithFree&) { return Ready{3}; }

/// Says when it dies; nobody resumes it.
struct Endless {
  explicit Endless(std::string& text) : out(&text) {}
  Endless(const Endless&) = delete;
  ~Endless() { *out += "gone"; }
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  void await_resume() {}
  std::string* out;
};

class ForeignAwaitables : public LoopTest {
 protected:
  std::string heard;
};

TEST_F(ForeignAwaitables, that_are_ready_yield_their_result_after_a_microtask) {
  auto run = [](std::string& out) -> Promise<> { out += std::to_string(co_await Ready{}); };
  run(heard).detach();
  heard += "a";
  loop().run();
  EXPECT_EQ(heard, "a1");
}

TEST_F(ForeignAwaitables, are_started_at_once_and_yield_their_result_later) {
  auto run = [](std::string& out) -> Promise<> {
    Later<std::string> later("b");
    out += "a";
    out += co_await later;
  };
  run(heard).detach();
  EXPECT_EQ(heard, "a");
  loop().run();
  EXPECT_EQ(heard, "ab");
}

TEST_F(ForeignAwaitables, may_be_temporaries_that_cannot_be_moved) {
  auto run = [](std::string& out) -> Promise<> { out = co_await Later<std::string>("a"); };
  run(heard).detach();
  loop().run();
  EXPECT_EQ(heard, "a");
}

TEST_F(ForeignAwaitables, may_yield_nothing) {
  auto run = [](std::string& out) -> Promise<> {
    co_await Nothing{};
    out = "done";
  };
  run(heard).detach();
  EXPECT_EQ(heard, "");
  loop().run();
  EXPECT_EQ(heard, "done");
}

TEST_F(ForeignAwaitables, may_yield_what_cannot_be_copied) {
  auto run = [](std::string& out) -> Promise<> {
    Later<std::unique_ptr<int>> later(std::make_unique<int>(1));
    std::unique_ptr<int> owned = co_await later;
    out = std::to_string(*owned);
  };
  run(heard).detach();
  loop().run();
  EXPECT_EQ(heard, "1");
}

TEST_F(ForeignAwaitables, give_their_result_without_a_copy) {
  struct Counting {
    explicit Counting(int& count) : copies(&count) {}
    Counting(const Counting& other) : copies(other.copies) { ++*copies; }
    Counting(Counting&&) = default;
    int* copies;
  };
  int copies = 0;
  auto run = [](int& count) -> Promise<> {
    Later<Counting> later{Counting(count)};
    Counting result = co_await later;
    EXPECT_EQ(*result.copies, 0);
  };
  run(copies).detach();
  loop().run();
}

TEST_F(ForeignAwaitables, may_yield_a_reference) {
  auto run = [](std::string& out) -> Promise<> {
    Lending lending{&out};
    std::string& lent = co_await lending;
    lent = "lent";
  };
  run(heard).detach();
  loop().run();
  EXPECT_EQ(heard, "lent");
}

TEST_F(ForeignAwaitables, may_say_how_with_an_operator) {
  auto run = [](std::string& out) -> Promise<> {
    out += std::to_string(co_await WithMember{});
    out += std::to_string(co_await WithFree{});
  };
  run(heard).detach();
  loop().run();
  EXPECT_EQ(heard, "23");
}

TEST_F(ForeignAwaitables, throw_what_they_fail_with) {
  auto run = [](std::string& out, bool at_once) -> Promise<> {
    try {
      co_await Failing{at_once};
    } catch (const std::runtime_error& error) {
      out += error.what();
    }
  };
  run(heard, false).detach();
  loop().run();
  run(heard, true).detach();
  loop().run();
  EXPECT_EQ(heard, "no endno start");
}

TEST_F(ForeignAwaitables, that_fail_in_a_coroutine_nobody_watches_are_unhandled_rejections) {
  auto run = []() -> Promise<> { co_await Failing{}; };
  run().detach();
  EXPECT_THROW(loop().run(), std::runtime_error);
}

/// Resumed by whoever has its handle.
struct Event {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) { waiting = coroutine; }
  int await_resume() { return 1; }
  std::coroutine_handle<> waiting;
};

TEST_F(ForeignAwaitables, go_on_in_a_microtask_in_the_context_they_were_awaited_in) {
  AsyncLocalStorage<std::string> storage;
  Event event;
  auto run = [](Event* foreign, AsyncLocalStorage<std::string>* store,
                std::string& out) -> Promise<> {
    co_await *foreign;
    out += *store->get_store();
  };
  storage.run("author's", run, &event, &storage, heard).detach();
  set_timeout([&] {
    storage.run("resumer's", [&] { event.waiting.resume(); });
    heard += "first, ";
  });
  loop().run();
  EXPECT_EQ(heard, "first, author's");
}

Promise<> await_event(Event* event, Trace* trace) {
  co_await *event;
  trace->note("on");
}

TEST_F(ForeignAwaitables, are_promises_of_their_own_to_hooks) {
  Trace trace;
  Event event;
  const auto outer = await_event(&event, &trace);
  event.waiting.resume();
  loop().run();
  trace.stop();
  // As for a thenable: the coroutine's, what it waits for, and the continuation.
  EXPECT_EQ(trace.text(), "+P1(t=root) +P2(t=P1,e=root) +P3(t=P2,e=root) !P2 >P3 [on] !P1 !P3 <P3");
}

TEST_F(ForeignAwaitables, that_never_end_are_destroyed_with_the_coroutine) {
  auto run = [](std::string& out) -> Promise<> { co_await Endless(out); };
  run(heard).detach();
  loop().run();
  EXPECT_EQ(heard, "");
  destroy_loop();
  EXPECT_EQ(heard, "gone");
}

TEST_F(ForeignAwaitables, may_end_after_the_loop_whose_coroutine_is_still_held) {
  close_ledger();
  Event event;
  auto run = [](Event* foreign) -> Promise<int> { co_return co_await *foreign; };
  const auto held = run(&event);
  destroy_loop();
  event.waiting.resume();
  EXPECT_TRUE(held.pending());
}

TEST_F(ForeignAwaitables, that_resume_on_another_thread_end_the_process_with_a_sentence) {
  auto run = [](Event* event) -> Promise<> { co_await *event; };
  EXPECT_DEATH(
      {
        Event event;
        run(&event).detach();
        std::thread([&] { event.waiting.resume(); }).join();
      },
      "a promise was settled on a thread other than its Loop's: Loop::post\\(\\) gets there");
}

}  // namespace
}  // namespace contrail
