// Contexts that are handed to other threads.

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/promise.h"
#include "contrail/timers.h"
#include "support/loop_test.h"

namespace contrail {
namespace {

using async_context::SharedSnapshot;
using async_context::Snapshot;
using ::testing::ElementsAre;

template <class F>
void on_thread(F work) {
  std::thread(std::move(work)).join();
}

/// Says on which thread it was destroyed.
struct Grave {
  std::thread::id thread;
  std::atomic<int> destroyed = 0;
};
struct Mortal {
  explicit Mortal(Grave& its_grave) : grave(&its_grave) {}
  Mortal(Mortal&& other) noexcept : grave(std::exchange(other.grave, nullptr)) {}
  Mortal& operator=(Mortal&&) = delete;
  ~Mortal() {
    if (!grave) return;
    grave->thread = std::this_thread::get_id();
    ++grave->destroyed;
  }
  Grave* grave;
};

class SharedSnapshots : public LoopTest {
 protected:
  int store_or_zero() const { return storage_.get_store() ? *storage_.get_store() : 0; }
  SharedSnapshot share(int store) {
    return storage_.run(store, [] { return Snapshot().share(); });
  }
  SharedSnapshot share_mortal() {
    return mortals_.run(Mortal(grave_), [] { return Snapshot().share(); });
  }

  AsyncLocalStorage<int> storage_;
  AsyncLocalStorage<Mortal> mortals_;
  Grave grave_;
};

TEST_F(SharedSnapshots, run_on_another_thread_and_leave_its_own_context_alone) {
  std::vector<int> seen;
  on_thread([&, context = share(7)] {
    storage_.run(1, [&] {
      context.run([&] { seen.push_back(store_or_zero()); });
      seen.push_back(store_or_zero());
    });
  });
  EXPECT_THAT(seen, ElementsAre(7, 1));
}

TEST_F(SharedSnapshots, pass_arguments_and_results) {
  int sum = 0;
  on_thread([&, context = share(7)] {
    sum = context.run([&](int a, int b) { return a + b + store_or_zero(); }, 1, 2);
  });
  EXPECT_EQ(sum, 10);
}

TEST_F(SharedSnapshots, show_the_very_objects) {
  AsyncLocalStorage<std::unique_ptr<int>> only_moved;
  only_moved.run(std::make_unique<int>(1), [&] {
    const void* here = only_moved.get_store();
    const void* there = nullptr;
    on_thread([&, context = Snapshot().share()] {
      context.run([&] { there = only_moved.get_store(); });
    });
    EXPECT_EQ(here, there);
  });
}

TEST_F(SharedSnapshots, may_be_empty) {
  int seen = -1;
  on_thread([&, context = Snapshot().share()] {
    storage_.run(1, [&] { context.run([&] { seen = store_or_zero(); }); });
  });
  EXPECT_EQ(seen, 0);
}

TEST_F(SharedSnapshots, hide_a_default_where_the_snapshot_does) {
  AsyncLocalStorage<int> with_default({}, 3);
  bool present = true;
  auto context = with_default.exit([] { return Snapshot().share(); });
  on_thread([&] { context.run([&] { present = with_default.get_store() != nullptr; }); });
  EXPECT_FALSE(present);
}

TEST_F(SharedSnapshots, have_any_number_of_values) {
  constexpr std::size_t count = 40;
  std::array<AsyncLocalStorage<std::size_t>, count> storages;
  for (std::size_t i = 0; i < count; ++i) storages[i].enter_with(i * i + 1);
  std::size_t right = 0;
  on_thread([&, context = Snapshot().share()] {
    context.run([&] {
      for (std::size_t i = 0; i < count; ++i) right += *storages[i].get_store() == i * i + 1;
    });
  });
  EXPECT_EQ(right, count);
}

TEST_F(SharedSnapshots, are_followed_by_what_runs_elsewhere) {
  std::vector<int> seen;
  on_thread([&, context = std::optional(share(7))]() mutable {
    Loop other;
    context->run([&] {
      set_timeout([&] {
        seen.push_back(store_or_zero());
        auto later = Promise<>::resolve().then([&] { seen.push_back(store_or_zero()); });
        std::move(later).detach();
      });
    });
    context.reset();
    other.run();
  });
  EXPECT_THAT(seen, ElementsAre(7, 7));
}

TEST_F(SharedSnapshots, keep_to_themselves_what_is_entered_in_them) {
  std::vector<int> seen;
  on_thread([&, context = share(7)] {
    context.run([&] {
      storage_.run(8, [&] { seen.push_back(store_or_zero()); });
      storage_.enter_with(9);
      seen.push_back(store_or_zero());
      storage_.disable();
      seen.push_back(store_or_zero());
    });
    context.run([&] { seen.push_back(store_or_zero()); });
  });
  EXPECT_THAT(seen, ElementsAre(8, 9, 0, 7));
}

TEST_F(SharedSnapshots, stay_as_they_are_when_the_storage_is_disabled_at_home) {
  storage_.enter_with(7);
  const auto context = Snapshot().share();
  storage_.disable();
  int seen = 0;
  on_thread([&] { context.run([&] { seen = store_or_zero(); }); });
  EXPECT_EQ(seen, 7);
}

TEST_F(SharedSnapshots, run_at_home_too) {
  const auto context = share(7);
  EXPECT_EQ(context.run([&] { return store_or_zero(); }), 7);
  EXPECT_EQ(store_or_zero(), 0);
}

TEST_F(SharedSnapshots, are_shared_again_by_those_who_got_them) {
  int seen = 0;
  std::optional<SharedSnapshot> again;
  on_thread([&, context = share(7)] { context.run([&] { again = Snapshot().share(); }); });
  on_thread([&, context = std::move(*again)] { context.run([&] { seen = store_or_zero(); }); });
  again.reset();
  EXPECT_EQ(seen, 7);
}

TEST_F(SharedSnapshots, are_empty_once_they_were_moved_from) {
  auto context = share(7);
  const auto other = std::move(context);
  EXPECT_EQ(context.run([&] { return store_or_zero(); }), 0);
  EXPECT_EQ(other.run([&] { return store_or_zero(); }), 7);
}

TEST_F(SharedSnapshots, let_exceptions_pass) {
  bool caught = false;
  on_thread([&, context = share(7)] {
    try {
      context.run([] { throw 1; });
    } catch (int) {
      caught = store_or_zero() == 0;
    }
  });
  EXPECT_TRUE(caught);
}

TEST_F(SharedSnapshots, have_their_values_destroyed_at_home_when_the_loop_turns) {
  on_thread([context = share_mortal()] {});
  EXPECT_EQ(grave_.destroyed, 0);
  set_immediate([] {});
  loop().run();
  EXPECT_EQ(grave_.destroyed, 1);
  EXPECT_EQ(grave_.thread, std::this_thread::get_id());
}

TEST_F(SharedSnapshots, have_their_values_destroyed_when_the_loop_ends) {
  on_thread([context = share_mortal()] {});
  destroy_loop();
  EXPECT_EQ(grave_.destroyed, 1);
}

TEST_F(SharedSnapshots, have_their_values_destroyed_when_the_next_is_shared) {
  on_thread([context = share_mortal()] {});
  const auto next = share(1);
  EXPECT_EQ(grave_.destroyed, 1);
}

TEST_F(SharedSnapshots, have_their_values_destroyed_at_once_if_dropped_at_home) {
  { const auto context = share_mortal(); }
  EXPECT_EQ(grave_.destroyed, 1);
}

TEST_F(SharedSnapshots, outlive_the_loop_that_they_are_from) {
  const auto context = share(7);
  destroy_loop();
  int seen = 0;
  on_thread([&] {
    Loop other;
    context.run([&] { set_immediate([&] { seen = store_or_zero(); }); });
    other.run();
  });
  EXPECT_EQ(seen, 7);
}

TEST_F(SharedSnapshots, outlive_the_thread_that_they_are_from) {
  std::optional<SharedSnapshot> context;
  on_thread([&] { context = share_mortal(); });
  EXPECT_EQ(grave_.destroyed, 0);
  context->run([&] { EXPECT_EQ(mortals_.get_store()->grave, &grave_); });
  context.reset();
  EXPECT_EQ(grave_.destroyed, 1);
  EXPECT_EQ(grave_.thread, std::this_thread::get_id());
}

TEST_F(SharedSnapshots, outlive_it_in_what_they_have_caused_too) {
  int seen = 0;
  std::optional<SharedSnapshot> context;
  on_thread([&] { context = share(7); });
  context->run([&] { set_immediate([&] { seen = store_or_zero(); }); });
  context.reset();
  loop().run();
  EXPECT_EQ(seen, 7);
}

/// A value that holds a context of the same thread, whose values are freed while its own are.
TEST_F(SharedSnapshots, may_be_values_of_each_other_when_their_thread_has_ended) {
  AsyncLocalStorage<SharedSnapshot> contexts;
  std::optional<SharedSnapshot> outer;
  on_thread([&] { outer = contexts.run(share_mortal(), [] { return Snapshot().share(); }); });
  outer.reset();
  EXPECT_EQ(grave_.destroyed, 1);
}

TEST_F(SharedSnapshots, may_outlive_their_storage) {
  std::optional<AsyncLocalStorage<Mortal>> storage(std::in_place);
  const auto context = storage->run(Mortal(grave_), [] { return Snapshot().share(); });
  storage.reset();
  on_thread([&] { context.run([] {}); });
  EXPECT_EQ(grave_.destroyed, 0);
}

}  // namespace
}  // namespace contrail
