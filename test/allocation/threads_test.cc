// What goes to other threads when memory is short, and what it costs when it is not.

#include <optional>

#include "contrail/async_local_storage.h"
#include "contrail/message_channel.h"
#include "failing_new.h"
#include "loop_test.h"

namespace contrail {
namespace {

using async_context::SharedSnapshot;
using async_context::Snapshot;

class SharedSnapshotsWithoutMemory : public LoopTest {
 protected:
  SharedSnapshotsWithoutMemory() {
    close_ledger();
    for (std::size_t i = 0; i < std::size(storages_); ++i) storages_[i].enter_with(kept_);
  }
  void TearDown() override {
    detail::replace_frame(nullptr);
    EXPECT_EQ(kept_.use_count(), 1);
    LoopTest::TearDown();
  }

  std::shared_ptr<int> kept_ = std::make_shared<int>(1);
  AsyncLocalStorage<std::shared_ptr<int>> storages_[12];  // More than a frame has slots.
};

TEST_F(SharedSnapshotsWithoutMemory, that_cannot_be_made_leave_nothing_behind) {
  with_each_allocation_failing([] { const auto shared = Snapshot().share(); }, [](bool) {});
}

TEST_F(SharedSnapshotsWithoutMemory, that_cannot_be_run_leave_nothing_behind) {
  const auto shared = Snapshot().share();
  with_each_allocation_failing([&] { shared.run([] {}); }, [](bool) {});
}

class Messages : public LoopTest {};

TEST_F(Messages, allocate_nothing_once_their_queue_has_its_size) {
  MessageChannel<int> channel;
  int seen = 0;
  channel.port2.on_message([&](int) { ++seen; });
  auto send_some = [&] {
    for (int i = 0; i < 100; ++i) channel.port1.post_message(i);
    loop().run_nowait();
  };
  // Two vectors take turns.
  send_some();
  send_some();
  fail_allocation_after(0);
  send_some();
  EXPECT_FALSE(allocation_has_failed());
  stop_failing();
  EXPECT_EQ(seen, 300);
  channel.port1.close();
  loop().run();
}

TEST_F(Messages, that_cannot_be_queued_are_not_moved) {
  MessageChannel<std::unique_ptr<int>> channel;
  auto message = std::make_unique<int>(1);
  fail_allocation_after(0);
  EXPECT_THROW(channel.port1.post_message(std::move(message)), std::bad_alloc);
  stop_failing();
  EXPECT_NE(message, nullptr);
  EXPECT_EQ(channel.port1.queued(), 0U);
  channel.port1.close();
  channel.port2.close();
  loop().run();
}

}  // namespace
}  // namespace contrail
