#include "contrail/async_local_storage.h"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "loop_test.h"
#include "trace.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using Value = std::shared_ptr<int>;

class Storages : public LoopTest {
 protected:
  /// The store as text: "-" where there is none.
  template <class T>
  static std::string show(const AsyncLocalStorage<T>& storage) {
    const T* store = storage.get_store();
    return store ? std::to_string(*store) : "-";
  }
  AsyncLocalStorage<int> storage, other;
};

TEST_F(Storages, have_no_store_at_first) { EXPECT_EQ(storage.get_store(), nullptr); }

TEST_F(Storages, have_a_name_if_given_one) {
  EXPECT_EQ(AsyncLocalStorage<int>({.name = "request"}).name(), "request");
  EXPECT_EQ(storage.name(), "");
}

TEST_F(Storages, answer_their_default_where_nothing_was_entered) {
  AsyncLocalStorage<int> with_default({}, 42);
  EXPECT_EQ(*with_default.get_store(), 42);
  set_immediate([&] { EXPECT_EQ(*with_default.get_store(), 42); });
  loop().run();
}

// --- run

TEST_F(Storages, have_their_store_inside_run_and_pass_arguments_and_result) {
  auto add = [&](int number) { return *storage.get_store() + number; };
  EXPECT_EQ(storage.run(40, add, 2), 42);
  EXPECT_EQ(show(storage), "-");
}

TEST_F(Storages, put_the_store_back_when_an_exception_leaves_run) {
  storage.run(1, [&] {
    EXPECT_THROW(storage.run(2, [] { throw std::runtime_error("no"); }), std::runtime_error);
    EXPECT_EQ(show(storage), "1");
  });
}

TEST_F(Storages, may_be_read_while_an_exception_unwinds_run) {
  struct Reader {
    ~Reader() { seen = show(storage); }
    AsyncLocalStorage<int>& storage;
    std::string& seen;
  };
  std::string seen;
  try {
    storage.run(1, [&] {
      Reader reader{storage, seen};
      throw std::runtime_error("no");
    });
  } catch (const std::runtime_error&) {
  }
  EXPECT_EQ(seen, "1");
}

TEST_F(Storages, given_the_same_number_simply_call_the_function) {
  storage.run(1, [&] { storage.run(1, [&] { storage.enter_with(2); }); });
  EXPECT_EQ(show(storage), "-");
  storage.enter_with(1);
  storage.run(1, [&] { storage.enter_with(2); });
  EXPECT_EQ(show(storage), "2") << "what was entered inside leaks, as in Node";
}

TEST_F(Storages, given_the_same_pointer_simply_call_the_function) {
  AsyncLocalStorage<Value> pointers;
  auto value = std::make_shared<int>(1);
  pointers.enter_with(value);
  const Value* before = pointers.get_store();
  pointers.run(value, [&] { EXPECT_EQ(pointers.get_store(), before); });
  pointers.run(std::make_shared<int>(1), [&] { EXPECT_NE(pointers.get_store(), before); });
}

TEST_F(Storages, hold_not_a_number_to_be_itself) {
  AsyncLocalStorage<double> numbers;
  numbers.enter_with(std::nan(""));
  const double* before = numbers.get_store();
  numbers.run(std::nan(""), [&] { EXPECT_EQ(numbers.get_store(), before); });
}

TEST_F(Storages, tell_zero_from_negative_zero) {
  AsyncLocalStorage<double> numbers;
  numbers.enter_with(0.0);
  numbers.run(-0.0, [&] { EXPECT_TRUE(std::signbit(*numbers.get_store())); });
}

TEST_F(Storages, hold_equal_strings_to_be_identical_and_equal_structs_not) {
  struct Id {
    int number;
    bool operator==(const Id&) const = default;
  };
  AsyncLocalStorage<std::string> names;
  AsyncLocalStorage<Id> ids;
  names.enter_with("a");
  ids.enter_with(Id{1});
  const std::string* name = names.get_store();
  const Id* id = ids.get_store();
  names.run("a", [&] { EXPECT_EQ(names.get_store(), name); });
  ids.run(Id{1}, [&] { EXPECT_NE(ids.get_store(), id); });
}

TEST_F(Storages, given_their_default_simply_call_the_function) {
  AsyncLocalStorage<int> with_default({}, 1);
  with_default.run(1, [&] { with_default.enter_with(2); });
  EXPECT_EQ(show(with_default), "2");
}

TEST_F(Storages, put_only_themselves_back_after_run) {
  storage.run(1, [&] { other.enter_with(2); });
  EXPECT_EQ(show(storage), "-");
  EXPECT_EQ(show(other), "2");
}

TEST_F(Storages, undo_their_own_enter_with_after_run) {
  storage.run(1, [&] { storage.enter_with(2); });
  EXPECT_EQ(show(storage), "-");
}

// --- enter_with

TEST_F(Storages, keep_what_was_entered_for_all_that_starts_later) {
  std::string seen;
  set_immediate([&] { seen += show(storage); });
  storage.enter_with(1);
  set_immediate([&] { seen += show(storage); });
  storage.enter_with(2);
  set_immediate([&] { seen += show(storage); });
  loop().run();
  EXPECT_EQ(seen, "-12");
}

TEST_F(Storages, lose_what_a_callback_entered_when_it_ends) {
  std::string seen;
  set_immediate([&] {
    storage.enter_with(1);
    next_tick([&] { seen += show(storage); });
  });
  set_immediate([&] { seen += show(storage); });
  loop().run();
  EXPECT_EQ(seen, "1-");
}

TEST_F(Storages, start_every_firing_of_an_interval_afresh) {
  std::string seen;
  Timeout interval;
  storage.run(1, [&] {
    interval = set_interval(
        [&] {
          seen += show(storage);
          storage.enter_with(2);
          if (seen.size() == 3) interval.clear();
        },
        1ms);
  });
  loop().run();
  EXPECT_EQ(seen, "111");
}

// --- exit

TEST_F(Storages, have_no_store_inside_exit) {
  storage.run(1, [&] {
    EXPECT_EQ(storage.exit([&](int n) { return show(storage) + std::to_string(n); }, 7), "-7");
    EXPECT_EQ(show(storage), "1");
  });
}

TEST_F(Storages, hide_their_default_inside_exit) {
  AsyncLocalStorage<int> with_default({}, 42);
  with_default.exit([&] { EXPECT_EQ(with_default.get_store(), nullptr); });
  EXPECT_EQ(show(with_default), "42");
}

TEST_F(Storages, hide_their_default_in_all_that_exit_starts) {
  AsyncLocalStorage<int> with_default({}, 42);
  std::string seen;
  with_default.exit([&] { set_immediate([&] { seen = show(with_default); }); });
  loop().run();
  EXPECT_EQ(seen, "-");
}

TEST_F(Storages, undo_what_was_entered_inside_exit) {
  storage.run(1, [&] {
    storage.exit([&] { storage.enter_with(2); });
    EXPECT_EQ(show(storage), "1");
  });
}

TEST_F(Storages, may_enter_nothing_which_hides_the_default) {
  AsyncLocalStorage<int> with_default({}, 42);
  with_default.enter_with_nothing();
  EXPECT_EQ(with_default.get_store(), nullptr);
  with_default.run(1, [&] { EXPECT_EQ(show(with_default), "1"); });
  EXPECT_EQ(with_default.get_store(), nullptr);
}

// --- with_scope

TEST_F(Storages, have_their_store_until_a_scope_ends) {
  {
    const auto scope = storage.with_scope(1);
    EXPECT_EQ(show(storage), "1");
  }
  EXPECT_EQ(show(storage), "-");
}

TEST_F(Storages, undo_a_scope_when_an_exception_passes) {
  auto fail = [&] {
    const auto scope = storage.with_scope(2);
    throw std::runtime_error("no");
  };
  storage.enter_with(1);
  EXPECT_THROW(fail(), std::runtime_error);
  EXPECT_EQ(show(storage), "1");
}

TEST_F(Storages, undo_a_scope_once_however_often_it_is_disposed) {
  auto scope = storage.with_scope(1);
  scope.dispose();
  storage.enter_with(2);
  scope.dispose();
  EXPECT_EQ(show(storage), "2");
}

TEST_F(Storages, re_enter_what_each_scope_remembers_when_disposed_out_of_order) {
  storage.enter_with(1);
  auto outer = storage.with_scope(2);
  auto inner = storage.with_scope(3);
  outer.dispose();
  EXPECT_EQ(show(storage), "1");
  inner.dispose();
  EXPECT_EQ(show(storage), "2");
}

TEST_F(Storages, undo_a_scope_where_it_was_moved_to) {
  std::optional<StorageScope> kept;
  {
    auto scope = storage.with_scope(1);
    kept.emplace(std::move(scope));
  }
  EXPECT_EQ(show(storage), "1");
  kept.reset();
  EXPECT_EQ(show(storage), "-");
}

TEST_F(Storages, keep_what_others_entered_within_a_scope) {
  {
    const auto scope = storage.with_scope(1);
    other.enter_with(2);
  }
  EXPECT_EQ(show(storage), "-");
  EXPECT_EQ(show(other), "2");
}

// --- disable

TEST_F(Storages, lose_their_store_when_disabled) {
  storage.enter_with(1);
  storage.disable();
  EXPECT_EQ(show(storage), "-");
}

TEST_F(Storages, show_their_default_when_disabled) {
  AsyncLocalStorage<int> with_default({}, 42);
  with_default.run(1, [&] {
    with_default.disable();
    EXPECT_EQ(show(with_default), "42");
  });
}

TEST_F(Storages, work_as_ever_after_they_were_disabled) {
  storage.enter_with(1);
  storage.disable();
  storage.run(2, [&] { EXPECT_EQ(show(storage), "2"); });
}

TEST_F(Storages, disabled_without_a_store_change_nothing) {
  storage.disable();
  other.run(1, [&] {
    storage.disable();
    EXPECT_EQ(show(other), "1");
  });
}

TEST_F(Storages, when_disabled_are_lost_to_those_who_share_the_context_object) {
  std::string seen;
  storage.run(1, [&] {
    set_immediate([&] { seen += show(storage); });
    storage.disable();
    set_immediate([&] { seen += show(storage); });
  });
  loop().run();
  EXPECT_EQ(seen, "--");
}

TEST_F(Storages, when_disabled_stay_in_contexts_derived_before) {
  std::string seen;
  storage.run(1, [&] {
    other.run(2, [&] { set_immediate([&] { seen = show(storage) + show(other); }); });
    storage.disable();
  });
  loop().run();
  EXPECT_EQ(seen, "12");
}

TEST_F(Storages, when_disabled_stay_in_outer_contexts) {
  std::string seen;
  storage.run(1, [&] {
    set_immediate([&] { seen = show(storage); });
    storage.run(2, [&] { storage.disable(); });
  });
  loop().run();
  EXPECT_EQ(seen, "1");
}

TEST_F(Storages, when_disabled_inside_run_are_back_after_it) {
  storage.enter_with(1);
  storage.run(2, [&] { storage.disable(); });
  EXPECT_EQ(show(storage), "1");
}

TEST_F(Storages, when_disabled_inside_the_run_of_another_stay_so_after_it) {
  storage.run(1, [&] {
    other.run(2, [&] { storage.disable(); });
    EXPECT_EQ(show(storage), "-") << "the other puts only itself back";
  });
}

TEST_F(Storages, when_disabled_leave_others_alone) {
  storage.run(1, [&] {
    other.run(2, [&] {
      storage.disable();
      EXPECT_EQ(show(storage), "-");
      EXPECT_EQ(show(other), "2");
    });
  });
}

TEST_F(Storages, disabled_in_a_callback_are_lost_to_the_later_callbacks_of_its_context) {
  std::string seen;
  storage.run(1, [&] {
    set_immediate([&] { storage.disable(); });
    set_immediate([&] { seen = show(storage); });
  });
  loop().run();
  EXPECT_EQ(seen, "-");
}

TEST_F(Storages, beyond_the_eight_slots_can_be_disabled) {
  std::vector<std::unique_ptr<AsyncLocalStorage<int>>> many;
  for (int i = 0; i < 10; ++i) many.push_back(std::make_unique<AsyncLocalStorage<int>>());
  many.back()->run(1, [&] {
    std::optional<async_context::Snapshot> outer(std::in_place);
    many.front()->run(2, [&] {
      many.back()->disable();
      EXPECT_EQ(show(*many.back()) + show(*many.front()), "-2");
    });
    outer->run([&] { EXPECT_EQ(show(*many.back()), "1"); });
  });
}

// --- How long stores live.

/// Stores whose end can be watched.
class StoreLives : public LoopTest {
 protected:
  Value make() {
    auto value = std::make_shared<int>(0);
    watch = value;
    return value;
  }
  AsyncLocalStorage<Value> storage;
  AsyncLocalStorage<int> other;
  std::weak_ptr<int> watch;
};

TEST_F(StoreLives, end_with_run) {
  storage.run(make(), [&] { EXPECT_FALSE(watch.expired()); });
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_when_another_is_entered) {
  storage.enter_with(make());
  storage.enter_with(nullptr);
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_with_disable_where_nobody_derived) {
  storage.enter_with(make());
  storage.disable();
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_with_the_last_context_derived_before_disable) {
  storage.run(make(), [&] {
    other.run(1, [] { set_immediate([] {}); });
    storage.disable();
    EXPECT_FALSE(watch.expired());
    loop().post([] {});
  });
  loop().run();
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_with_disable_in_a_derived_context_once_the_outer_one_is_gone) {
  std::optional<async_context::Snapshot> derived;
  storage.run(make(), [&] {
    other.run(1, [&] {
      storage.disable();
      derived.emplace();
    });
    EXPECT_FALSE(watch.expired());
  });
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_with_exit_only_when_the_outer_context_is_gone) {
  std::optional<async_context::Snapshot> inside;
  storage.run(make(), [&] { storage.exit([&] { inside.emplace(); }); });
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_when_a_timer_is_cleared) {
  Timeout timer = storage.run(make(), [] { return set_timeout([] {}, 1h); });
  EXPECT_FALSE(watch.expired());
  timer.clear();
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_when_an_immediate_is_cleared) {
  Immediate immediate = storage.run(make(), [] { return set_immediate([] {}); });
  immediate.clear();
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_with_the_loop) {
  storage.run(make(), [] { set_timeout([] {}, 1h); });
  destroy_loop();
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_with_a_thread_that_entered_them_beside_its_loop) {
  std::thread([&] {
    Loop loop;
    storage.enter_with(make());
    loop.run();
  }).join();
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, end_with_a_thread_without_a_loop) {
  std::thread([&] { storage.enter_with(make()); }).join();
  EXPECT_TRUE(watch.expired());
}

TEST_F(StoreLives, may_enter_another_store_when_they_end) {
  struct Restless {
    explicit Restless(AsyncLocalStorage<int>& storage) : other(&storage) {}
    Restless(Restless&& from) noexcept : other(std::exchange(from.other, nullptr)) {}
    ~Restless() {
      if (other) other->run(1, [] {});
    }
    AsyncLocalStorage<int>* other;
  };
  AsyncLocalStorage<Restless> restless;
  restless.run(Restless(other), [] {});
  EXPECT_EQ(other.get_store(), nullptr);
}

// --- bind and snapshot

TEST_F(Storages, bind_a_function_to_the_context) {
  auto bound = storage.run(1, [&] {
    return AsyncLocalStorage<int>::bind(
        [&](int number) { return show(storage) + show(other) + std::to_string(number); });
  });
  EXPECT_EQ(other.run(2, bound, 3), "1-3");
}

TEST_F(Storages, bind_a_function_as_a_resource) {
  Trace trace;
  {
    auto bound = AsyncLocalStorage<int>::bind([] {});
    bound();
  }
  loop().run();
  EXPECT_EQ(trace.text(),
            "+bound-anonymous-fn1(t=root) >bound-anonymous-fn1 <bound-anonymous-fn1 "
            "xbound-anonymous-fn1");
}

TEST_F(Storages, run_functions_in_the_context_of_a_snapshot) {
  auto snapshot = storage.run(1, [] { return AsyncLocalStorage<int>::snapshot(); });
  storage.run(2, [&] {
    EXPECT_EQ(snapshot([&](int number) { return show(storage) + std::to_string(number); }, 3),
              "13");
    EXPECT_EQ(show(storage), "2");
  });
}

TEST_F(Storages, discard_what_was_entered_in_a_snapshot) {
  auto snapshot = storage.run(1, [] { return AsyncLocalStorage<int>::snapshot(); });
  snapshot.run([&] { storage.enter_with(2); });
  EXPECT_EQ(snapshot.run([&] { return show(storage); }), "1");
  EXPECT_EQ(show(storage), "-");
}

TEST_F(Storages, made_after_a_snapshot_show_their_default_in_it) {
  auto snapshot = AsyncLocalStorage<int>::snapshot();
  AsyncLocalStorage<int> later({}, 42);
  later.run(1, [&] { snapshot([&] { EXPECT_EQ(show(later), "42"); }); });
}

// --- Storages that die early.

TEST_F(Storages, that_die_inside_their_run_leave_their_successor_alone) {
  auto first = std::make_unique<AsyncLocalStorage<int>>();
  std::optional<AsyncLocalStorage<int>> second;
  first->run(1, [&] {
    first.reset();
    second.emplace();
    second->enter_with(2);
  });
  EXPECT_EQ(show(*second), "2");
  second->enter_with(0);
  detail::replace_frame(nullptr);
}

TEST_F(Storages, that_die_before_their_scope_leave_their_successor_alone) {
  auto first = std::make_unique<AsyncLocalStorage<int>>();
  auto scope = first->with_scope(1);
  first.reset();
  AsyncLocalStorage<int> second;
  second.enter_with(2);
  scope.dispose();
  EXPECT_EQ(show(second), "2");
  detail::replace_frame(nullptr);
}

// --- Loops.

TEST(StoragesWithoutLoop, can_be_run_and_entered) {
  std::thread([] {
    AsyncLocalStorage<int> storage;
    storage.run(1, [&] { EXPECT_EQ(*storage.get_store(), 1); });
    storage.enter_with(2);
    EXPECT_EQ(*storage.get_store(), 2);
  }).join();
}

TEST(StoragesWithoutLoop, keep_their_store_while_a_loop_comes_and_goes) {
  AsyncLocalStorage<Value> storage;
  auto value = std::make_shared<int>(1);
  storage.run(value, [&] {
    { Loop loop; }
    EXPECT_EQ(*storage.get_store(), value);
  });
  EXPECT_EQ(storage.get_store(), nullptr);
  EXPECT_EQ(value.use_count(), 1);
}

}  // namespace
}  // namespace contrail
