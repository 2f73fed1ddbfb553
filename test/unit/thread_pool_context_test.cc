// What work on the pool sees of the context of the code that queued it.

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/thread_pool.h"
#include "contrail/timers.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;

class WorkContext : public TcpTest {
 protected:
  int store_or_zero() const { return storage_.get_store() ? *storage_.get_store() : 0; }

  AsyncLocalStorage<int> storage_;
};

using WorkContextDeathTest = WorkContext;

TEST_F(WorkContext, is_that_of_the_caller) {
  async_context::Variable<std::string> variable;
  std::string seen;
  variable.run("value", [&] {
    storage_.run(7, [&] {
      queue_work([&] { seen = *variable.get() + std::to_string(store_or_zero()); }).detach();
    });
  });
  loop().run();
  EXPECT_EQ(seen, "value7");
}

TEST_F(WorkContext, is_empty_where_the_callers_is) {
  EXPECT_EQ(wait(queue_work([&] { return store_or_zero(); })), 0);
}

TEST_F(WorkContext, does_not_stay_on_the_thread) {
  for (int i = 0; i < 20; ++i) {
    storage_.run(i, [&] { queue_work([&] { storage_.enter_with(99); }).detach(); });
  }
  loop().run();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(wait(queue_work([&] { return store_or_zero(); })), 0);
}

TEST_F(WorkContext, hides_a_default_where_the_callers_does) {
  AsyncLocalStorage<int> with_default({}, 3);
  std::vector<bool> present;
  auto look = [&] { return with_default.get_store() != nullptr; };
  const bool outside = wait(queue_work(look));
  std::optional<Promise<bool>> inside;
  with_default.run(1, [&] { with_default.exit([&] { inside = queue_work(look); }); });
  EXPECT_TRUE(outside);
  EXPECT_FALSE(wait(*inside));
}

TEST_F(WorkContext, shows_the_very_object_of_the_caller) {
  AsyncLocalStorage<std::unique_ptr<int>> only_moved;
  const void* here = nullptr;
  const void* there = nullptr;
  only_moved.run(std::make_unique<int>(1), [&] {
    here = only_moved.get_store();
    queue_work([&] { there = only_moved.get_store(); }).detach();
  });
  loop().run();
  EXPECT_EQ(here, there);
}

TEST_F(WorkContext, may_be_changed_by_run_and_is_back_afterwards) {
  std::vector<int> seen;
  storage_.run(1, [&] {
    queue_work([&] {
      storage_.run(2, [&] {
        seen.push_back(store_or_zero());
        storage_.exit([&] { seen.push_back(store_or_zero()); });
      });
      seen.push_back(store_or_zero());
    }).detach();
  });
  loop().run();
  EXPECT_THAT(seen, ElementsAre(2, 0, 1));
}

TEST_F(WorkContext, may_be_changed_by_enter_with_for_the_work_alone) {
  std::vector<int> seen;
  storage_.run(1, [&] {
    queue_work(
        [&] {
          storage_.enter_with(2);
          seen.push_back(store_or_zero());
        },
        {}, [&](Result<void>) { seen.push_back(store_or_zero()); });
  });
  loop().run();
  EXPECT_THAT(seen, ElementsAre(2, 1));
}

TEST_F(WorkContext, may_be_captured_and_entered_again_within_the_work) {
  std::vector<int> seen;
  storage_.run(1, [&] {
    queue_work([&] {
      const async_context::Snapshot snapshot;
      storage_.run(2, [&] { snapshot.run([&] { seen.push_back(store_or_zero()); }); });
      storage_.disable();
      seen.push_back(store_or_zero());
    }).detach();
  });
  loop().run();
  EXPECT_THAT(seen, ElementsAre(1, 0));
}

TEST_F(WorkContext, stays_when_the_caller_disables_the_storage) {
  std::vector<int> seen;
  storage_.run(1, [&] {
    queue_work([&] { seen.push_back(store_or_zero()); }, {},
               [&](Result<void>) { seen.push_back(store_or_zero()); });
    storage_.disable();
  });
  loop().run();
  EXPECT_THAT(seen, ElementsAre(1, 0));
}

TEST_F(WorkContext, keeps_its_stores_until_the_work_is_done) {
  AsyncLocalStorage<std::shared_ptr<int>> shared;
  auto store = std::make_shared<int>(1);
  long during = 0;
  shared.run(store,
             [&] { queue_work([&] { during = shared.get_store()->use_count(); }, {}, ignore); });
  loop().run();
  detail::replace_frame(nullptr);
  EXPECT_EQ(during, 2);
  EXPECT_EQ(store.use_count(), 1);
}

TEST_F(WorkContext, may_hold_more_variables_than_a_frame_has_slots) {
  std::vector<std::unique_ptr<AsyncLocalStorage<int>>> many;
  for (int i = 0; i < 300; ++i) {
    many.push_back(std::make_unique<AsyncLocalStorage<int>>());
    many.back()->enter_with(i);
  }
  int wrong = 0;
  wait(queue_work([&] {
    for (int i = 0; i < 300; ++i) wrong += *many[static_cast<std::size_t>(i)]->get_store() != i;
    many[200]->run(-1, [&] { wrong += *many[200]->get_store() != -1; });
    many[201]->enter_with(-2);
    wrong += *many[201]->get_store() != -2;
    many[202]->disable();
    wrong += many[202]->get_store() != nullptr;
  }));
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(*many[201]->get_store(), 201);
  EXPECT_EQ(*many[202]->get_store(), 202);
}

/// Under ThreadSanitizer: neither counts nor frames of the loop's are touched on the pool.
TEST_F(WorkContext, is_read_by_many_workers_while_the_loop_goes_on_with_it) {
  AsyncLocalStorage<std::string> text;
  int right = 0;
  text.run("shared", [&] {
    for (int i = 0; i < 200; ++i) {
      storage_.run(i + 1, [&] {
        auto job = [&, i] {
          bool good = *text.get_store() == "shared" && store_or_zero() == i + 1;
          text.run("mine", [&] { good = good && *text.get_store() == "mine"; });
          storage_.enter_with(-1);
          const async_context::Snapshot snapshot;
          return good && snapshot.run([&] { return store_or_zero() == -1; });
        };
        queue_work(job, {}, [&](Result<bool> good) { right += *good; });
        storage_.run(-i - 2, [&] { next_tick([] {}); });
        if (i % 3 == 0) storage_.disable();
      });
    }
  });
  loop().run();
  EXPECT_EQ(right, 200);
}

TEST_F(WorkContext, passes_through_a_loop_of_the_works_own) {
  int in_tick = 0;
  int in_work = 0;
  storage_.run(4, [&] {
    queue_work([&] {
      Loop inner;
      next_tick([&] { in_tick = store_or_zero(); });
      queue_work([&] { in_work = store_or_zero(); }).detach();
      inner.run();
    }).detach();
  });
  loop().run();
  EXPECT_EQ(in_tick, 4);
  EXPECT_EQ(in_work, 4);
}

TEST_F(WorkContextDeathTest, must_not_be_kept_beyond_the_work) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        storage_.run(1, [&] { queue_work([] { return async_context::Snapshot(); }, {}, ignore); });
        loop().run();
      },
      "has kept a context, such as a Snapshot, beyond its end");
}

TEST_F(WorkContextDeathTest, has_no_loop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto run = [&](auto use) {
    queue_work(use).detach();
    loop().run();
  };
  EXPECT_DEATH(run([] { next_tick([] {}); }), "there is no Loop on this thread");
  EXPECT_DEATH(run([] { set_timeout([] {}); }), "there is no Loop on this thread");
  EXPECT_DEATH(run([] { AsyncResource resource("Made"); }), "there is no Loop on this thread");
}

}  // namespace
}  // namespace contrail
