#include "contrail/async_context.h"

#include <array>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail::async_context {
namespace {

class Variables : public LoopTest {};

TEST_F(Variables, have_no_value_at_first) {
  Variable<int> variable;
  EXPECT_EQ(variable.get(), nullptr);
}

TEST_F(Variables, have_their_default_where_nothing_was_set) {
  Variable<int> variable({}, 42);
  EXPECT_EQ(*variable.get(), 42);
  variable.run(1, [&] { EXPECT_EQ(*variable.get(), 1); });
  EXPECT_EQ(*variable.get(), 42);
}

TEST_F(Variables, have_a_name) {
  EXPECT_EQ(Variable<int>({.name = "trace"}).name(), "trace");
  EXPECT_EQ(Variable<int>().name(), "");
}

TEST_F(Variables, have_their_value_inside_run_and_return_its_result) {
  Variable<std::string> variable;
  auto add = [&](const std::string& tail) { return *variable.get() + tail; };
  EXPECT_EQ(variable.run("a", add, "b"), "ab");
  EXPECT_EQ(variable.get(), nullptr);
}

TEST_F(Variables, return_references_as_references) {
  Variable<int> variable;
  int number = 1;
  int& same = variable.run(1, [&]() -> int& { return number; });
  EXPECT_EQ(&same, &number);
}

TEST_F(Variables, nest_and_shadow) {
  Variable<int> variable;
  variable.run(1, [&] {
    variable.run(2, [&] { EXPECT_EQ(*variable.get(), 2); });
    EXPECT_EQ(*variable.get(), 1);
  });
}

TEST_F(Variables, are_put_back_when_an_exception_passes) {
  Variable<int> variable;
  variable.run(1, [&] {
    auto fail = [] { throw std::runtime_error("no"); };
    EXPECT_THROW(variable.run(2, fail), std::runtime_error);
    EXPECT_EQ(*variable.get(), 1);
  });
}

TEST_F(Variables, do_not_disturb_each_other) {
  Variable<int> a, b;
  a.run(1, [&] {
    b.run(2, [&] {
      EXPECT_EQ(*a.get(), 1);
      EXPECT_EQ(*b.get(), 2);
    });
    EXPECT_EQ(b.get(), nullptr);
  });
}

TEST_F(Variables, hold_values_that_cannot_be_copied) {
  Variable<std::unique_ptr<int>> variable;
  variable.run(std::make_unique<int>(42), [&] { EXPECT_EQ(**variable.get(), 42); });
}

TEST_F(Variables, make_a_new_context_even_for_an_equal_value) {
  Variable<int> variable;
  variable.run(1, [&] {
    const int* outer = variable.get();
    variable.run(1, [&] { EXPECT_NE(variable.get(), outer); });
  });
}

TEST_F(Variables, follow_a_timer) {
  Variable<int> variable;
  int seen = 0;
  variable.run(7, [&] { set_timeout([&] { seen = *variable.get(); }); });
  loop().run();
  EXPECT_EQ(seen, 7);
}

TEST_F(Variables, beyond_the_eight_slots_work_alike) {
  std::deque<Variable<int>> variables(300);
  auto descend = [&](auto& self, std::size_t i) -> void {
    if (i < variables.size()) {
      return variables[i].run(static_cast<int>(i), [&] { self(self, i + 1); });
    }
    for (std::size_t j = 0; j < variables.size(); ++j) {
      ASSERT_NE(variables[j].get(), nullptr);
      EXPECT_EQ(*variables[j].get(), static_cast<int>(j));
    }
  };
  descend(descend, 0);
  for (const auto& variable : variables) EXPECT_EQ(variable.get(), nullptr);
}

TEST_F(Variables, beyond_the_eight_slots_can_be_shadowed) {
  std::deque<Variable<int>> variables(40);
  for (auto& variable : variables) {
    variable.run(1, [&] {
      variable.run(2, [&] { EXPECT_EQ(*variable.get(), 2); });
      EXPECT_EQ(*variable.get(), 1);
    });
  }
}

TEST_F(Variables, may_die_before_the_contexts_that_hold_their_values) {
  auto value = std::make_shared<int>(1);
  std::optional<Snapshot> snapshot;
  {
    Variable<std::shared_ptr<int>> variable;
    variable.run(value, [&] { snapshot.emplace(); });
  }
  EXPECT_EQ(value.use_count(), 2);
  snapshot.reset();
  EXPECT_EQ(value.use_count(), 1);
}

TEST_F(Variables, never_find_the_value_of_a_dead_one_whose_slot_they_took) {
  auto dead = std::make_unique<Variable<std::string>>();
  std::optional<Snapshot> snapshot;
  dead->run("stale", [&] { snapshot.emplace(); });
  dead.reset();
  Variable<int> fresh({}, 42);
  snapshot->run([&] { EXPECT_EQ(*fresh.get(), 42); });
}

TEST_F(Variables, may_die_inside_their_own_run) {
  auto variable = std::make_unique<Variable<int>>();
  variable->run(1, [&] { variable.reset(); });
  Variable<int> fresh;
  EXPECT_EQ(fresh.get(), nullptr);
}

TEST(VariablesWithoutLoop, can_be_run) {
  Variable<int> variable;
  EXPECT_EQ(variable.run(42, [&] { return *variable.get(); }), 42);
}

TEST(VariablesWithoutLoop, have_their_own_value_on_every_thread) {
  Variable<int> variable;
  variable.run(1, [&] {
    std::thread([&] {
      EXPECT_EQ(variable.get(), nullptr);
      variable.run(2, [&] { EXPECT_EQ(*variable.get(), 2); });
    }).join();
    EXPECT_EQ(*variable.get(), 1);
  });
}

TEST(VariablesWithoutLoop, keep_their_value_while_a_loop_comes_and_goes) {
  Variable<std::shared_ptr<int>> variable;
  auto value = std::make_shared<int>(1);
  variable.run(value, [&] {
    {
      Loop loop;
      EXPECT_EQ(*variable.get(), value);
      set_immediate([&] { EXPECT_EQ(*variable.get(), value); });
      loop.run();
    }
    EXPECT_EQ(*variable.get(), value);
  });
  EXPECT_EQ(value.use_count(), 1);
}

// --- Snapshot

class Snapshots : public LoopTest {};

TEST_F(Snapshots, enter_the_context_of_their_moment) {
  Variable<int> variable;
  const Snapshot snapshot = variable.run(1, [] { return Snapshot(); });
  variable.run(2, [&] {
    EXPECT_EQ(snapshot.run([&] { return *variable.get(); }), 1);
    EXPECT_EQ(*variable.get(), 2);
  });
}

TEST_F(Snapshots, of_no_context_hide_the_present_one) {
  Variable<int> variable;
  const Snapshot snapshot;
  variable.run(1, [&] { snapshot.run([&] { EXPECT_EQ(variable.get(), nullptr); }); });
}

TEST_F(Snapshots, share_their_context_with_copies) {
  Variable<std::shared_ptr<int>> variable;
  auto value = std::make_shared<int>(1);
  std::optional<Snapshot> first = variable.run(value, [] { return Snapshot(); });
  Snapshot second = *first;
  first.reset();
  second.run([&] { EXPECT_EQ(*variable.get(), value); });
  EXPECT_EQ(value.use_count(), 2);
}

TEST_F(Snapshots, put_the_context_back_when_an_exception_passes) {
  Variable<int> variable;
  const Snapshot snapshot;
  variable.run(1, [&] {
    EXPECT_THROW(snapshot.run([] { throw std::runtime_error("no"); }), std::runtime_error);
    EXPECT_EQ(*variable.get(), 1);
  });
}

TEST_F(Snapshots, wrap_a_function) {
  Variable<int> variable;
  auto add = [&](int number) { return *variable.get() + number; };
  auto wrapped = variable.run(40, [&] { return Snapshot::wrap(add); });
  EXPECT_EQ(wrapped(2), 42);
}

TEST_F(Snapshots, may_outlive_the_loop) {
  Variable<std::shared_ptr<int>> variable;
  auto value = std::make_shared<int>(1);
  std::optional<Snapshot> snapshot = variable.run(value, [] { return Snapshot(); });
  destroy_loop();
  snapshot->run([&] { EXPECT_EQ(*variable.get(), value); });
  snapshot.reset();
  EXPECT_EQ(value.use_count(), 1);
}

TEST_F(Snapshots, may_be_held_by_a_value_of_their_own_context) {
  Variable<std::shared_ptr<Snapshot>> variable;
  auto holder = std::make_shared<Snapshot>();
  std::weak_ptr<Snapshot> watch = holder;
  std::optional<Snapshot> outer = variable.run(std::move(holder), [] { return Snapshot(); });
  EXPECT_FALSE(watch.expired());
  outer.reset();
  EXPECT_TRUE(watch.expired());
}

// --- A value lives exactly as long as something can see it.

/// Three values in three variables, and who still holds them.
class Retention : public LoopTest {
 protected:
  using Value = std::shared_ptr<int>;
  static Value make(std::weak_ptr<int>& watch) {
    auto value = std::make_shared<int>(0);
    watch = value;
    return value;
  }
  Variable<Value> a, b;
  std::weak_ptr<int> first, second, third;
};

TEST_F(Retention, a_derived_context_keeps_what_it_can_see) {
  std::optional<Snapshot> inner;
  a.run(make(first), [&] { b.run(make(second), [&] { inner.emplace(); }); });
  EXPECT_FALSE(first.expired());
  EXPECT_FALSE(second.expired());
}

TEST_F(Retention, an_outer_context_does_not_keep_what_was_added_inside) {
  std::optional<Snapshot> outer;
  a.run(make(first), [&] {
    outer.emplace();
    b.run(make(second), [] {});
  });
  EXPECT_FALSE(first.expired());
  EXPECT_TRUE(second.expired());
}

TEST_F(Retention, a_value_that_was_set_anew_is_let_go) {
  std::optional<Snapshot> inner;
  a.run(make(first), [&] { a.run(make(second), [&] { inner.emplace(); }); });
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
}

TEST_F(Retention, a_value_that_was_set_anew_below_another_is_let_go) {
  std::optional<Snapshot> inner;
  a.run(make(first),
        [&] { b.run(make(second), [&] { a.run(make(third), [&] { inner.emplace(); }); }); });
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
  EXPECT_FALSE(third.expired());
}

TEST_F(Retention, alternating_variables_keep_only_the_last_of_each) {
  std::optional<Snapshot> inner;
  std::array<std::weak_ptr<int>, 20> watches;
  auto descend = [&](auto& self, std::size_t depth) -> void {
    if (depth == watches.size()) return void(inner.emplace());
    (depth % 2 ? a : b).run(make(watches[depth]), [&] { self(self, depth + 1); });
  };
  descend(descend, 0);
  for (std::size_t i = 0; i < 18; ++i) EXPECT_TRUE(watches[i].expired()) << i;
  EXPECT_FALSE(watches[18].expired());
  EXPECT_FALSE(watches[19].expired());
}

TEST_F(Retention, holds_beyond_the_eight_slots_too) {
  std::deque<Variable<Value>> more(10);
  std::optional<Snapshot> inner;
  auto& last = more.back();
  last.run(make(first), [&] {
    more.front().run(make(second), [&] { last.run(make(third), [&] { inner.emplace(); }); });
  });
  EXPECT_TRUE(first.expired());
  EXPECT_FALSE(second.expired());
  EXPECT_FALSE(third.expired());
}

TEST_F(Retention, ends_with_the_timer_that_captured_it) {
  a.run(make(first), [] { set_timeout([] {}); });
  EXPECT_FALSE(first.expired());
  loop().run();
  EXPECT_TRUE(first.expired());
}

TEST_F(Retention, of_a_thread_ends_with_the_thread) {
  std::thread([&] { a.run(make(first), [] { Snapshot(); }); }).join();
  EXPECT_TRUE(first.expired());
}

}  // namespace
}  // namespace contrail::async_context
