// What Node's own tests say of the lives of workers and of message ports.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "contrail/worker.h"
#include "lives.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class WorkerLives : public LoopTest {
 protected:
  void TearDown() override {
    loop().run();
    LoopTest::TearDown();
  }
  /// Whether it ends without a failure.
  bool ends_well(Worker& worker) {
    bool well = false;
    worker.on_exit([&](std::exception_ptr error) { well = !error; });
    loop().run();
    return well;
  }
};

using PortLives = WorkerLives;

struct BusyHook {
  AsyncHook hook{{.init = [](const ResourceInfo&) {},
                  .before = [](AsyncId) {},
                  .after = [](AsyncId) {},
                  .destroy = [](AsyncId) {}}};
};

TEST_F(WorkerLives, end_by_exit_inside_a_continuation_while_a_hook_hears_it) {
  auto main = [](Loop&) -> Promise<> {
    BusyHook busy;
    set_immediate([&] { busy.hook.enable(); });
    co_await sleep(1ms);
    throw Worker::Exit();
  };
  Worker worker(main);
  EXPECT_TRUE(ends_well(worker));
}

TEST_F(WorkerLives, end_by_exit_inside_a_continuation_in_which_a_hook_was_enabled) {
  auto main = [](Loop&) -> Promise<> {
    BusyHook busy;
    co_await sleep(1ms);
    busy.hook.enable();
    throw Worker::Exit();
  };
  Worker worker(main);
  EXPECT_TRUE(ends_well(worker));
}

TEST_F(WorkerLives, have_nothing_of_the_continuation_run_after_exit) {
  std::atomic<int> calls = 0;
  auto main = [](Loop&, std::atomic<int>* count) -> Promise<> {
    BusyHook busy;
    set_interval([] {}, 1h);
    co_await sleep(1ms);
    busy.hook.enable();
    if (count) throw Worker::Exit();
    ++*count;
  };
  Worker worker(main, &calls);
  EXPECT_TRUE(ends_well(worker));
  EXPECT_EQ(calls, 0);
}

TEST_F(WorkerLives, end_in_a_chain_of_microtasks_that_looks_whether_it_is_to_stop) {
  MessageChannel<int> channel;
  auto main = [](Loop&, MessagePort<int> parent) -> Promise<> {
    parent.post_message(1);
    while (!Worker::stop_token().stop_requested()) co_await Promise<>::resolve();
    co_await sleep(1h);
  };
  Worker worker(main, std::move(channel.port2));
  channel.port1.on_message([&](int) { worker.terminate(); });
  EXPECT_TRUE(ends_well(worker));
}

/// What a hook can find out of resources that it was told of.
struct Seen {
  const Worker::Details* worker = nullptr;
  std::vector<const AnyMessagePort::Details*> ports;
  std::vector<bool> open_in_init, ref_in_init;

  AsyncHook hook{{.init = [this](const ResourceInfo& made) {
    if (const auto* details = made.details.as<Worker::Details>()) worker = details;
    if (const auto* details = made.details.as<AnyMessagePort::Details>()) {
      ports.push_back(details);
      open_in_init.push_back(details->open);
      ref_in_init.push_back(details->has_ref);
    }
  }}};
};

TEST_F(WorkerLives, have_a_ref_until_their_end_was_told) {
  Seen seen;
  seen.hook.enable();
  Worker worker([](Loop&) {});
  seen.hook.disable();
  ASSERT_NE(seen.worker, nullptr);
  EXPECT_TRUE(seen.worker->has_ref);
  worker.unref();
  EXPECT_FALSE(seen.worker->has_ref);
  worker.ref();
  EXPECT_TRUE(seen.worker->has_ref);
  bool at_exit = false;
  bool later = true;
  worker.on_exit([&](std::exception_ptr) {
    at_exit = seen.worker->has_ref;
    set_timeout([&] { later = seen.worker->has_ref; }, 1ms);
  });
  loop().run();
  EXPECT_TRUE(at_exit);
  EXPECT_FALSE(later);
}

TEST_F(WorkerLives, hold_the_loop_together_with_a_port_while_each_has_a_ref) {
  Seen seen;
  seen.hook.enable();
  Lives lives({"WORKER", "MESSAGEPORT"});
  auto active = [&] {
    std::vector<std::string> names;
    if (seen.worker->has_ref) names.push_back("WORKER");
    for (const auto* port : seen.ports) {
      if (port->has_ref) names.push_back("MESSAGEPORT");
    }
    return names;
  };
  MessageChannel<int> channel;
  Worker worker([](Loop&, MessagePort<int>) {}, std::move(channel.port2));
  seen.ports.resize(1);  // The other one is on its way.
  EXPECT_THAT(active(), ElementsAre("WORKER"));
  worker.unref();
  EXPECT_THAT(active(), IsEmpty());
  worker.ref();
  channel.port1.ref();
  EXPECT_THAT(active(), ElementsAre("WORKER", "MESSAGEPORT"));
  std::vector<std::string> at_exit, later;
  worker.on_exit([&](std::exception_ptr) {
    at_exit = active();
    set_timeout(
        [&] {
          later = active();
          EXPECT_EQ(lives.of("WORKER"), "1/1/1/1");
          EXPECT_EQ(lives.of("MESSAGEPORT"), "1/1/1/1");
        },
        1ms);
  });
  loop().run();
  EXPECT_THAT(at_exit, ElementsAre("WORKER"));
  EXPECT_THAT(later, IsEmpty());
}

TEST_F(PortLives, have_a_ref_once_they_have_a_listener_and_none_when_closed) {
  Seen seen;
  seen.hook.enable();
  MessageChannel<int> channel;
  seen.hook.disable();
  ASSERT_EQ(seen.ports.size(), 2U);
  const auto& [first, second] = std::tie(*seen.ports[0], *seen.ports[1]);
  EXPECT_FALSE(first.has_ref);
  EXPECT_FALSE(second.has_ref);
  channel.port1.ref();
  EXPECT_TRUE(first.has_ref);
  EXPECT_FALSE(second.has_ref);
  channel.port1.unref();
  EXPECT_FALSE(first.has_ref);
  channel.port2.on_message([](int) {});
  EXPECT_TRUE(second.has_ref);
  channel.port2.unref();
  EXPECT_FALSE(second.has_ref);
  channel.port2.ref();
  channel.port1.close();
  loop().run();
  EXPECT_FALSE(second.has_ref);
}

TEST_F(PortLives, can_be_looked_at_in_init) {
  Seen seen;
  seen.hook.enable();
  MessageChannel<int> channel;
  EXPECT_THAT(seen.open_in_init, ElementsAre(true, true));
  EXPECT_THAT(seen.ref_in_init, ElementsAre(false, false));
}

}  // namespace
}  // namespace contrail
