// What Node's own tests say of the stores of an AsyncLocalStorage.

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/promise.h"
#include "contrail/testing/fake_clock.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

class Stores : public LoopTest {
 protected:
  /// Writes down the store, "-" without one.
  void note() { seen += show(storage); }
  static std::string show(const AsyncLocalStorage<std::string>& from) {
    return from.get_store() ? *from.get_store() : "-";
  }
  auto noting() {
    return [this] { note(); };
  }
  AsyncLocalStorage<std::string> storage, other;
  std::string seen;
};

TEST_F(Stores, may_be_of_any_type) {
  struct User {
    std::string name;
  };
  AsyncLocalStorage<User> users;
  storage.run("text", [&] { EXPECT_EQ(*storage.get_store(), "text"); });
  users.run({"Ada"}, [&] { EXPECT_EQ(users.get_store()->name, "Ada"); });
}

TEST_F(Stores, are_shadowed_by_a_nested_run_and_hidden_by_exit) {
  storage.run("a", [&] {
    storage.run("b", noting());
    note();
    storage.exit(noting());
    note();
  });
  note();
  EXPECT_EQ(seen, "ba-a-");
}

TEST_F(Stores, last_across_an_await_and_not_beyond_it_in_the_caller) {
  auto inside = [&]() -> Promise<> {
    note();
    co_await Promise<>::resolve();
    note();
  };
  auto caller = [&]() -> Promise<> {
    co_await storage.run("a", inside);
    note();
  };
  caller().detach();
  loop().run();
  EXPECT_EQ(seen, "aa-");
}

TEST_F(Stores, last_across_the_await_of_a_coroutine) {
  auto inner = [&]() -> Promise<> { co_await Promise<>::resolve(); };
  auto outer = [&]() -> Promise<> {
    co_await inner();
    note();
  };
  storage.run("a", outer).detach();
  note();
  loop().run();
  EXPECT_EQ(seen, "-a");
}

TEST_F(Stores, stay_hidden_after_an_await_in_a_coroutine_that_exit_started) {
  auto hidden = [&]() -> Promise<> {
    note();
    co_await Promise<>::resolve();
    note();
  };
  storage.run("a", [&] { storage.exit(hidden).detach(); });
  loop().run();
  EXPECT_EQ(seen, "--");
}

TEST_F(Stores, disabled_in_a_tick_stay_away_until_the_next_run) {
  auto run_again = [&] {
    note();
    storage.run("b", noting());
  };
  auto disable = [&] {
    note();
    next_tick(noting());  // Ahead of disable(), and lost all the same.
    storage.disable();
    note();
    storage.exit(noting());
    note();
    next_tick(run_again);
  };
  storage.run("a", [&] { next_tick(disable); });
  loop().run();
  EXPECT_EQ(seen, "a-----b");
}

TEST_F(Stores, entered_in_an_immediate_are_those_of_its_timers_only) {
  testing::FakeClock clock;
  set_timeout(noting(), 1ms);
  set_immediate([&] {
    storage.enter_with("a");
    note();
    set_timeout(noting(), 2ms);
  });
  clock.run_until_idle();
  EXPECT_EQ(seen, "a-a");
}

TEST_F(Stores, of_two_timers_do_not_mix) {
  testing::FakeClock clock;
  auto show_both = [&] { seen += show(storage) + show(other) + ' '; };
  auto nest = [&](std::string text) {
    return [&, text] {
      storage.run(text, [&] {
        other.run(text + text, [&] { set_timeout(show_both, 1ms); });
        other.exit(show_both);
      });
    };
  };
  set_timeout(nest("a"), 1ms);
  set_timeout(nest("b"), 1ms);
  clock.run_until_idle();
  EXPECT_EQ(seen, "a- b- aaa bbb ");
}

TEST_F(Stores, are_seen_by_a_reaction_that_throws_and_not_by_who_awaits_it) {
  auto fail = [&](int) -> int {
    note();
    throw std::runtime_error("no");
  };
  auto caller = [&]() -> Promise<> {
    try {
      co_await storage.run("a", [&] { return Promise<int>::resolve(1).then(fail); });
    } catch (const std::runtime_error& error) {
      seen += error.what();
    }
    note();
  };
  caller().detach();
  loop().run();
  EXPECT_EQ(seen, "ano-");
}

TEST_F(Stores, nest_a_thousand_deep) {
  int ends = 0;
  auto descend = [&](auto& self, int depth) -> void {
    if (depth == 0) {
      ++ends;
    } else {
      storage.run(std::to_string(depth), [&] { self(self, depth - 1); });
    }
  };
  descend(descend, 1000);
  EXPECT_EQ(ends, 1);
  EXPECT_EQ(show(storage), "-");
}

TEST_F(Stores, do_not_leak_into_a_hundred_exits) {
  auto descend = [&](auto& self, int depth) -> void {
    if (depth == 0) return;
    const std::string mine = std::to_string(depth);
    storage.run(mine, [&] {
      EXPECT_EQ(show(storage), mine);
      storage.exit([&] {
        EXPECT_EQ(show(storage), "-");
        self(self, depth - 1);
        EXPECT_EQ(show(storage), "-");
      });
    });
  };
  descend(descend, 100);
}

TEST_F(Stores, of_several_storages_do_not_disturb_each_other) {
  AsyncLocalStorage<std::string> third;
  auto show_all = [&] { seen += show(storage) + show(other) + show(third) + ' '; };
  storage.run("a", [&] { third.enter_with("c"); });
  storage.run("a", [&] {
    other.run("b", [&] {
      show_all();
      storage.disable();
      show_all();
    });
  });
  show_all();
  EXPECT_EQ(seen, "abc -bc --c ");
}

TEST_F(Stores, lead_an_immediate_to_its_own_ticket) {
  AsyncLocalStorage<std::shared_ptr<Immediate>> tickets;
  for (int i = 0; i < 3; ++i) {
    auto ticket = std::make_shared<Immediate>();
    tickets.run(ticket, [&] {
      *ticket = set_immediate([&, ticket] {
        EXPECT_EQ(*tickets.get_store(), ticket);
        (*tickets.get_store())->clear();
        seen += '.';
      });
    });
  }
  loop().run();
  EXPECT_EQ(seen, "...");
}

TEST_F(Stores, are_those_of_the_innermost_scope_and_then_the_default) {
  AsyncLocalStorage<std::string> with_default({}, "d");
  auto show_both = [&] { seen += show(with_default) + show(storage) + ' '; };
  auto descend = [&](auto& self, int depth) -> void {
    const auto scope = with_default.with_scope(std::to_string(depth));
    const auto beside = storage.with_scope(std::to_string(depth + 4));
    if (depth < 4) self(self, depth + 1);
    show_both();
  };
  storage.enter_with("e");
  descend(descend, 1);
  show_both();
  EXPECT_EQ(seen, "48 37 26 15 de ");
}

// --- Failures.

TEST_F(Stores, are_gone_where_the_caller_of_run_catches) {
  loop().on_uncaught_exception([&](std::exception_ptr) { ADD_FAILURE() << "it was caught"; });
  EXPECT_THROW(storage.run("a", [] { throw std::runtime_error("no"); }), std::runtime_error);
  note();
  loop().run();
  EXPECT_EQ(seen, "-");
}

TEST_F(Stores, of_a_timer_that_throws_are_seen_by_the_handler_and_then_by_its_tick) {
  loop().on_uncaught_exception([&](std::exception_ptr) { seen += "!" + show(storage); });
  storage.run("a", [&] {
    set_timeout([&] {
      next_tick(noting());
      throw std::runtime_error("no");
    });
  });
  loop().run();
  EXPECT_EQ(seen, "!aa");
}

TEST_F(Stores, are_seen_by_the_handlers_of_a_rejection_after_an_await) {
  loop().on_unhandled_rejection([&](std::exception_ptr error, AsyncId) {
    seen += "rejected " + show(storage);
    loop().on_unhandled_rejection({});
    Promise<>::reject(std::move(error)).detach();
  });
  loop().on_uncaught_exception([&](std::exception_ptr, ExceptionOrigin origin) {
    EXPECT_EQ(origin, ExceptionOrigin::unhandled_rejection);
    seen += ", uncaught " + show(storage);
  });
  auto fail = []() -> Promise<> {
    co_await Promise<>::resolve();
    throw std::runtime_error("no");
  };
  storage.run("a", fail).detach();
  loop().run();
  EXPECT_EQ(seen, "rejected a, uncaught a");
}

// --- How long they live.

class LivesOfStores : public LoopTest {
 protected:
  using Value = std::shared_ptr<int>;

  /// Runs fn with a store that `store` watches.
  template <class F>
  auto run(F fn) {
    auto value = std::make_shared<int>(0);
    store = value;
    return storage.run(std::move(value), std::move(fn));
  }
  AsyncLocalStorage<Value> storage;
  std::weak_ptr<int> store;
};

TEST_F(LivesOfStores, end_with_a_storage_that_was_disabled) {
  auto doomed = std::make_unique<AsyncLocalStorage<Value>>();
  auto value = std::make_shared<int>(0);
  doomed->run(value, [&] { doomed->disable(); });
  doomed->disable();
  doomed.reset();
  EXPECT_EQ(value.use_count(), 1);
}

TEST_F(LivesOfStores, do_not_extend_that_of_their_storage) {
  auto default_value = std::make_shared<int>(0);
  using Mortal = AsyncLocalStorage<Value>;
  auto mortal = std::make_unique<Mortal>(Mortal::Options{}, default_value);
  Timeout interval = mortal->run(std::make_shared<int>(0), [] { return set_interval([] {}, 1h); });
  interval.unref();
  mortal.reset();
  EXPECT_EQ(default_value.use_count(), 1) << "it went with the storage";
  AsyncLocalStorage<Value> successor;
  EXPECT_EQ(successor.get_store(), nullptr);
  interval.clear();
  loop().run();
}

TEST_F(LivesOfStores, end_when_a_timer_has_fired_though_it_can_be_refreshed) {
  int fired = 0;
  Timeout timer = run([&] { return set_timeout([&] { ++fired; }); });
  loop().run();
  EXPECT_TRUE(store.expired());
  timer.refresh();
  loop().run();
  EXPECT_EQ(fired, 2);
  timer.clear();
}

TEST_F(LivesOfStores, end_when_the_callback_returns_that_cleared_its_interval) {
  Timeout interval;
  auto clear = [&] {
    interval.clear();
    EXPECT_NE(storage.get_store(), nullptr);
    EXPECT_FALSE(store.expired());
  };
  interval = run([&] { return set_interval(clear, 1ms); });
  loop().run();
  EXPECT_TRUE(store.expired());
}

TEST_F(LivesOfStores, end_when_an_immediate_has_run) {
  Immediate immediate = run([] { return set_immediate([] {}); });
  EXPECT_FALSE(store.expired());
  loop().run();
  EXPECT_TRUE(store.expired());
}

}  // namespace
}  // namespace contrail
