#include "contrail/function.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <stdexcept>
#include <string>

namespace contrail {
namespace {

TEST(Function, calls_what_it_holds_and_returns_its_result) {
  Function<int(int, int)> add = [](int a, int b) { return a + b; };
  EXPECT_EQ(add(40, 2), 42);
}

TEST(Function, empty_is_false_and_throws_when_called) {
  Function<void()> empty;
  EXPECT_FALSE(empty);
  EXPECT_THROW(empty(), std::bad_function_call);
}

TEST(Function, of_nullptr_is_empty) {
  void (*no_function)() = nullptr;
  EXPECT_FALSE(Function<void()>(nullptr));
  EXPECT_FALSE(Function<void()>(no_function));
}

TEST(Function, holds_a_plain_function) {
  Function<std::string(int)> text = +[](int number) { return std::to_string(number); };
  EXPECT_EQ(text(7), "7");
}

int seven() { return 7; }

TEST(Function, holds_a_function_by_its_name) {
  Function<int()> number = seven;
  EXPECT_EQ(number(), 7);
}

TEST(Function, holds_a_pointer_to_a_member) {
  struct Point {
    int x;
  };
  Function<int(Point&)> x = &Point::x;
  Point point{3};
  EXPECT_EQ(x(point), 3);
}

TEST(Function, may_own_what_cannot_be_copied) {
  Function<int()> fn = [value = std::make_unique<int>(42)] { return *value; };
  Function<int()> moved = std::move(fn);
  EXPECT_EQ(moved(), 42);
}

TEST(Function, is_empty_after_it_was_moved_from) {
  Function<int()> fn = [] { return 1; };
  Function<int()> moved = std::move(fn);
  EXPECT_FALSE(fn);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(moved);
}

TEST(Function, moves_48_bytes_of_capture_with_it) {
  std::array<int, 12> numbers{};
  numbers.back() = 42;
  auto last = [numbers] { return numbers.back(); };
  static_assert(sizeof last == Function<int()>::inline_bytes);
  Function<int()> fn = last;
  Function<int()> moved = std::move(fn);
  EXPECT_EQ(moved(), 42);
}

TEST(Function, moves_large_captures_without_copying_them) {
  struct Large {
    std::array<char, 500> bytes{};
    std::unique_ptr<int> value;
  };
  Large large{.bytes = {}, .value = std::make_unique<int>(42)};
  Function<int()> fn = [large = std::move(large)] { return *large.value; };
  Function<int()> moved = std::move(fn);
  EXPECT_EQ(moved(), 42);
}

TEST(Function, holds_what_may_throw_when_moved) {
  struct Awkward {
    explicit Awkward(int n) : number(n) {}
    Awkward(const Awkward& other) : number(other.number) {}  // So the move is not noexcept.
    int operator()() const { return number; }
    int number;
  };
  Function<int()> fn = Awkward(42);
  Function<int()> moved = std::move(fn);
  EXPECT_EQ(moved(), 42);
}

TEST(Function, respects_the_alignment_of_what_it_holds) {
  struct alignas(64) Aligned {
    std::uintptr_t operator()() const { return reinterpret_cast<std::uintptr_t>(this) % 64; }
  };
  Function<std::uintptr_t()> fn = Aligned{};
  EXPECT_EQ(fn(), 0u);
}

TEST(Function, keeps_state_between_calls) {
  Function<int()> count = [n = 0]() mutable { return ++n; };
  count();
  EXPECT_EQ(count(), 2);
}

TEST(Function, lets_exceptions_through_and_stays_callable) {
  Function<int(bool)> fn = [](bool fail) { return fail ? throw std::runtime_error("no") : 42; };
  EXPECT_THROW(fn(true), std::runtime_error);
  EXPECT_EQ(fn(false), 42);
}

TEST(Function, destroys_what_it_holds_exactly_once) {
  auto held = std::make_shared<int>(1);
  {
    Function<void()> fn = [held] {};
    Function<void()> moved = std::move(fn);
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Function, destroys_what_it_held_when_assigned_another) {
  auto held = std::make_shared<int>(1);
  Function<void()> fn = [held] {};
  fn = [] {};
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Function, survives_being_moved_to_itself) {
  Function<int()> fn = [value = std::make_unique<int>(42)] { return *value; };
  Function<int()>& same = fn;
  fn = std::move(same);
  EXPECT_EQ(fn(), 42);
}

TEST(Function, may_be_emptied_by_the_callable_it_holds) {
  auto held = std::make_shared<int>(1);
  Function<void()> fn;
  fn = [held, &fn] {
    fn = nullptr;  // The captures are gone from here on.
  };
  fn();
  EXPECT_FALSE(fn);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Function, is_empty_by_the_time_its_callable_is_destroyed) {
  struct Watcher {
    explicit Watcher(Function<void()>& fn, bool& was) : owner(&fn), was_empty(&was) {}
    Watcher(Watcher&& other) noexcept
        : owner(std::exchange(other.owner, nullptr)), was_empty(other.was_empty) {}
    ~Watcher() {
      if (owner) *was_empty = !*owner;
    }
    void operator()() const {}
    Function<void()>* owner;
    bool* was_empty;
  };
  bool was_empty = false;
  Function<void()> fn;
  fn = Watcher(fn, was_empty);
  fn = nullptr;
  EXPECT_TRUE(was_empty);
}

TEST(Function, passes_references_and_moves_values) {
  Function<void(std::string&, std::unique_ptr<int>)> fn =
      [](std::string& out, std::unique_ptr<int> value) { out = std::to_string(*value); };
  std::string out;
  fn(out, std::make_unique<int>(42));
  EXPECT_EQ(out, "42");
}

TEST(Function, of_void_discards_the_result_of_what_it_holds) {
  int calls = 0;
  Function<void()> fn = [&calls] { return ++calls; };
  fn();
  EXPECT_EQ(calls, 1);
}

TEST(Function, may_be_assigned_to_by_the_callable_that_it_replaces) {
  auto held = std::make_shared<int>(1);
  struct Assigning {
    Assigning(Function<void()>& fn, std::shared_ptr<int> value) : owner(&fn), given(value) {}
    Assigning(Assigning&& other) noexcept
        : owner(std::exchange(other.owner, nullptr)), given(std::move(other.given)) {}
    ~Assigning() {
      if (owner) *owner = [given = std::move(given)] {};
    }
    void operator()() const {}
    Function<void()>* owner;
    std::shared_ptr<int> given;
  };
  Function<void()> fn;
  fn = Assigning(fn, held);
  fn = [held] {};
  fn = Assigning(fn, held);
  fn = nullptr;
  EXPECT_TRUE(fn);
  fn = nullptr;
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace contrail
