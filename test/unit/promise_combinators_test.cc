#include "contrail/promise_combinators.h"

#include <memory>
#include <stdexcept>
#include <string>

#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

std::string text_of(std::exception_ptr error) {
  try {
    std::rethrow_exception(std::move(error));
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

/// A promise of a value that comes after a delay.
Promise<int> later(int value, std::chrono::milliseconds delay) {
  co_await sleep(delay);
  co_return value;
}
Promise<int> failing(const char* text, std::chrono::milliseconds delay = 1ms) {
  co_await sleep(delay);
  throw std::runtime_error(text);
}

/// One that comes after another one, whatever the clock does.
Promise<int> after(Promise<int> earlier, int value) {
  co_await earlier;
  co_await sleep(1ms);
  co_return value;
}

class Combinators : public LoopTest {
 protected:
  auto note_error() {
    return [this](std::exception_ptr error) { heard += text_of(std::move(error)); };
  }
  std::vector<int> values;
  std::string heard;
};

// --- all

TEST_F(Combinators, all_gives_the_values_in_the_order_of_the_promises) {
  all(std::vector{later(1, 5ms), later(2, 1ms), Promise<int>::resolve(3)})
      .then([this](std::vector<int>& all) { values = all; })
      .detach();
  loop().run();
  EXPECT_THAT(values, ElementsAre(1, 2, 3));
}

TEST_F(Combinators, all_of_none_is_fulfilled_at_once) {
  const auto none = all(std::vector<Promise<int>>{});
  EXPECT_FALSE(none.pending());
}

TEST_F(Combinators, all_fails_as_soon_as_one_does) {
  all(std::vector{later(1, 5ms), failing("first"), failing("second", 3ms)})
      .then([](std::vector<int>&) {}, note_error())
      .detach();
  loop().run();
  EXPECT_EQ(heard, "first");
}

TEST_F(Combinators, all_of_void_promises_nothing_but_the_moment) {
  bool done = false;
  all(std::vector{sleep(1ms), sleep(2ms)}).then([&] { done = true; }).detach();
  loop().run();
  EXPECT_TRUE(done);
}

TEST_F(Combinators, all_of_different_types_gives_a_tuple) {
  all(Promise<int>::resolve(1), Promise<std::string>::resolve("x"), Promise<>::resolve())
      .then([this](std::tuple<int, std::string, std::monostate>& three) {
        heard = std::to_string(std::get<0>(three)) + std::get<1>(three);
      })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "1x");
}

TEST_F(Combinators, all_of_different_types_fails_as_soon_as_one_does) {
  all(later(1, 2ms), Promise<std::string>::reject(std::runtime_error("no")))
      .then([](std::tuple<int, std::string>&) {}, note_error())
      .detach();
  loop().run();
  EXPECT_EQ(heard, "no");
}

TEST_F(Combinators, all_moves_values_that_cannot_be_copied) {
  std::vector<Promise<std::unique_ptr<int>>> promises;
  promises.push_back(Promise<std::unique_ptr<int>>::resolve(std::make_unique<int>(42)));
  all(std::move(promises))
      .then([this](std::vector<std::unique_ptr<int>>& all) { values.push_back(*all.at(0)); })
      .detach();
  loop().run();
  EXPECT_THAT(values, ElementsAre(42));
}

TEST_F(Combinators, all_leaves_values_alone_that_somebody_else_can_see) {
  auto text = Promise<std::string>::resolve("kept");
  all(std::vector{text}).detach();
  loop().run();
  text.then([this](std::string& still) { heard = still; }).detach();
  loop().run();
  EXPECT_EQ(heard, "kept");
}

TEST_F(Combinators, all_accepts_the_same_promise_twice) {
  auto one = later(7, 1ms);
  all(std::vector{one, one}).then([this](std::vector<int>& all) { values = all; }).detach();
  loop().run();
  EXPECT_THAT(values, ElementsAre(7, 7));
}

// --- all_settled

TEST_F(Combinators, all_settled_says_how_each_one_ended) {
  all_settled(std::vector{later(1, 3ms), failing("no")})
      .then([this](std::vector<SettledResult<int>>& results) {
        values.push_back(results[0].value.value());
        heard = text_of(results[1].reason);
        EXPECT_TRUE(results[0].fulfilled());
        EXPECT_FALSE(results[1].fulfilled());
      })
      .detach();
  loop().run();
  EXPECT_THAT(values, ElementsAre(1));
  EXPECT_EQ(heard, "no");
}

TEST_F(Combinators, all_settled_of_different_types_gives_a_tuple) {
  auto [number, nothing, failed] = std::tuple(later(1, 3ms), sleep(1ms), failing("no"));
  all_settled(number, nothing, failed)
      .then([this](auto& results) {
        auto& [first, second, third] = results;
        heard += std::to_string(first.value.value());
        heard += second.fulfilled() ? " done" : " failed";
        heard += third.fulfilled() ? " done" : " failed";
      })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "1 done failed");
}

TEST_F(Combinators, all_settled_of_none_is_fulfilled_at_once) {
  EXPECT_FALSE(all_settled(std::vector<Promise<>>{}).pending());
}

// --- any

TEST_F(Combinators, any_gives_the_first_value) {
  auto first = later(2, 1ms);
  any(std::vector{failing("no"), after(first, 1), first})
      .then([this](int value) { values.push_back(value); })
      .detach();
  loop().run();
  EXPECT_THAT(values, ElementsAre(2));
}

TEST_F(Combinators, any_fails_with_all_the_errors_in_order_if_all_fail) {
  any(std::vector{failing("a", 3ms), failing("b", 1ms)})
      .then([](int) {},
            [this](std::exception_ptr error) {
              try {
                std::rethrow_exception(error);
              } catch (const AggregateError& aggregate) {
                for (const auto& each : aggregate.errors()) heard += text_of(each);
                heard += aggregate.what();
              }
            })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "abAll promises were rejected");
}

TEST_F(Combinators, any_of_none_fails) {
  any(std::vector<Promise<>>{}).catch_error(note_error()).detach();
  loop().run();
  EXPECT_EQ(heard, "All promises were rejected");
}

// --- Values that cannot be had.

/// Copies itself only once nobody else can see it.
struct Uncopyable {
  Uncopyable() = default;
  Uncopyable(const Uncopyable&) { throw std::runtime_error("no copy"); }
  Uncopyable& operator=(const Uncopyable&) = default;
  Uncopyable(Uncopyable&&) noexcept = default;
  Uncopyable& operator=(Uncopyable&&) = default;
};

TEST_F(Combinators, all_fails_if_a_value_cannot_be_copied) {
  auto value = Promise<Uncopyable>::resolve();
  auto one_type = all(std::vector{value, value});
  auto types = all(value, Promise<int>::resolve(1));
  one_type.then([](auto&) {}, note_error()).detach();
  types.then([](auto&) {}, note_error()).detach();
  loop().run();
  EXPECT_EQ(heard, "no copyno copy");
}

TEST_F(Combinators, all_settled_says_which_value_could_not_be_copied) {
  auto value = Promise<Uncopyable>::resolve();
  all_settled(std::vector{value})
      .then([this](std::vector<SettledResult<Uncopyable>>& results) {
        heard = text_of(results.at(0).reason);
      })
      .detach();
  loop().run();
  EXPECT_EQ(heard, "no copy");
}

// --- race

TEST_F(Combinators, race_ends_like_the_first_that_does) {
  auto first = later(2, 1ms);
  auto failed = failing("no");
  race(std::vector{after(first, 1), first})
      .then([this](int value) { values.push_back(value); })
      .detach();
  race(std::vector{after(failed, 1), failed}).then([](int) {}, note_error()).detach();
  loop().run();
  EXPECT_THAT(values, ElementsAre(2));
  EXPECT_EQ(heard, "no");
}

TEST_F(Combinators, race_and_any_take_promises_one_by_one_too) {
  auto first = later(2, 1ms);
  race(after(first, 1), first).then([this](int value) { values.push_back(value); }).detach();
  any(failing("no"), later(3, 1ms)).then([this](int value) { values.push_back(value); }).detach();
  loop().run();
  EXPECT_THAT(values, ElementsAre(2, 3));
}

TEST_F(Combinators, race_of_none_stays_pending) {
  auto never = race(std::vector<Promise<>>{});
  loop().run();
  EXPECT_TRUE(never.pending());
}

TEST_F(Combinators, race_of_none_lets_go_of_its_reactions_with_the_loop) {
  auto held = std::make_shared<int>(1);
  race(std::vector<Promise<>>{}).then([held] {}).detach();
  destroy_loop();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Combinators, handle_the_rejections_of_all_their_promises) {
  auto all_failed = any(std::vector{failing("a"), failing("b")});
  auto settled = all_settled(std::vector{failing("c")});
  all_failed.then([](int) {}, [](std::exception_ptr) {}).detach();
  EXPECT_NO_THROW(loop().run());
}

// --- values that throw when they are moved

struct Unmovable {
  Unmovable() = default;
  Unmovable(const Unmovable&) { count(); }
  Unmovable(Unmovable&&) { count(); }
  static void count() {
    if (moves_left-- == 0) throw std::runtime_error("no move");
  }
  static inline int moves_left = -1;
};

/// Lets each move and copy throw in its turn: what `combine` makes has to settle nevertheless.
template <class Combine>
void expect_settled_whichever_move_throws(Loop& loop, Combine combine) {
  bool thrown = true;
  for (int moves = 0; thrown; ++moves) {
    std::vector<Promise<Unmovable>> sources;
    for (int i = 0; i < 3; ++i) sources.push_back(Promise<Unmovable>::resolve());
    auto combined = combine(std::move(sources));
    bool settled = false;
    auto settle = [&](auto&&) { settled = true; };
    combined.then(settle, settle).detach();
    Unmovable::moves_left = moves;
    loop.run();
    thrown = std::exchange(Unmovable::moves_left, -1) < 0;
    EXPECT_TRUE(settled) << "with move " << moves;
  }
}

TEST_F(Combinators, all_is_settled_whatever_move_of_a_value_throws) {
  expect_settled_whichever_move_throws(loop(), [](auto sources) { return all(sources); });
}

TEST_F(Combinators, all_of_different_types_is_settled_whatever_move_of_a_value_throws) {
  expect_settled_whichever_move_throws(loop(), [](auto sources) {
    return all(std::move(sources[0]), Promise<int>::resolve(1), std::move(sources[1]));
  });
}

TEST_F(Combinators, all_settled_is_settled_whatever_move_of_a_value_throws) {
  expect_settled_whichever_move_throws(
      loop(), [](auto sources) { return all_settled(std::move(sources)); });
}

TEST_F(Combinators, any_and_race_are_settled_whatever_move_of_a_value_throws) {
  expect_settled_whichever_move_throws(loop(),
                                       [](auto sources) { return any(std::move(sources)); });
  expect_settled_whichever_move_throws(loop(),
                                       [](auto sources) { return race(std::move(sources)); });
}

}  // namespace
}  // namespace contrail
