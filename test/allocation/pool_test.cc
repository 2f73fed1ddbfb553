// Pools when memory is short.

#include "contrail/pool.h"

#include "failing_new.h"
#include "loop_test.h"

namespace contrail {
namespace {

class PoolsWithoutMemory : public LoopTest {
 protected:
  PoolsWithoutMemory() {
    close_ledger();
    loop().set_unhandled_rejections(UnhandledRejections::none);
  }

  /// Acquires with each allocation failing, and then expects all of the pool to be there.
  void expect_no_room_is_lost(Pool<int>& pool) {
    with_each_allocation_failing([&] { pool.acquire().detach(); },
                                 [&](bool) {
                                   loop().run();
                                   EXPECT_EQ(pool.waiting(), 0u);
                                   EXPECT_EQ(pool.size(), pool.idle());
                                 });
  }
};

TEST_F(PoolsWithoutMemory, lose_no_room_when_an_item_cannot_be_checked) {
  Pool<int> pool({.make = [] { return Promise<int>::resolve(1); },
                  .check = [](int&) { return true; },
                  .max_size = 1});
  pool.acquire().detach();
  loop().run();
  expect_no_room_is_lost(pool);
}

}  // namespace
}  // namespace contrail
