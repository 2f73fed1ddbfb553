// Workers that send a great many messages, while hooks come and go.

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/timers.h"
#include "contrail/worker.h"
#include "loop_test.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

constexpr int messages = 1'000'000;

/// Some hooks, of which one is enabled or disabled now and then.
class TogglingHooks {
 public:
  explicit TogglingHooks(unsigned seed) : random_(seed) {
    for (int i = 0; i < 4; ++i) {
      hooks_.push_back(std::make_unique<AsyncHook>(
          HookCallbacks{.init = [this](const ResourceInfo&) { ++events; },
                        .before = [this](AsyncId) { ++events; },
                        .after = [this](AsyncId) { ++events; },
                        .destroy = [this](AsyncId) { ++events; }}));
    }
  }
  void toggle_sometimes() {
    if (random_() % 64 != 0) return;
    AsyncHook& hook = *hooks_[random_() % hooks_.size()];
    random_() % 2 ? hook.enable() : hook.disable();
  }
  std::uint64_t events = 0;

 private:
  std::mt19937 random_;
  std::vector<std::unique_ptr<AsyncHook>> hooks_;
};

/// Reads to the end of what is sent, and says so.
struct Reader {
  int next = 0;
  bool in_order = true;
  void hear(int message) { in_order = in_order && message == next++; }
};

class MillionMessages : public LoopTest {
 protected:
  void TearDown() override {
    loop().run();
    LoopTest::TearDown();
  }
};

TEST_F(MillionMessages, arrive_in_order_while_hooks_come_and_go_on_both_sides) {
  MessageChannel<int> channel;
  TogglingHooks hooks(1);
  Reader reader;
  auto main = [](Loop&, MessagePort<int> parent) {
    TogglingHooks its_hooks(2);
    for (int i = 0; i < messages; ++i) {
      parent.post_message(i);
      its_hooks.toggle_sometimes();
    }
  };
  channel.port1.on_message([&](int message) {
    reader.hear(message);
    hooks.toggle_sometimes();
  });
  Worker worker(main, std::move(channel.port2));
  loop().run();
  EXPECT_EQ(reader.next, messages);
  EXPECT_TRUE(reader.in_order);
  EXPECT_GT(hooks.events, 0U);
}

TEST_F(MillionMessages, arrive_in_a_coroutine) {
  close_ledger();
  MessageChannel<int> channel;
  Reader reader;
  auto main = [](Loop&, MessagePort<int> parent) {
    for (int i = 0; i < messages; ++i) parent.post_message(i);
  };
  auto read = [](MessagePort<int> port, Reader& into) -> Promise<> {
    while (auto message = co_await port.receive()) into.hear(*message);
  };
  Worker worker(main, std::move(channel.port2));
  read(std::move(channel.port1), reader).detach();
  loop().run();
  EXPECT_EQ(reader.next, messages);
  EXPECT_TRUE(reader.in_order);
}

TEST_F(MillionMessages, never_exceed_their_limit) {
  constexpr std::size_t limit = 100;
  MessageChannel<int> channel({.queued_max = limit});
  Reader reader;
  std::atomic<std::size_t> queued_most = 0;
  auto main = [&](Loop&, MessagePort<int> parent) {
    for (int i = 0; i < messages / 100;) {
      parent.post_message(i) ? void(++i) : std::this_thread::yield();
      queued_most = std::max(queued_most.load(), parent.queued());
    }
  };
  Worker worker({}, main, std::move(channel.port2));
  channel.port1.on_message([&](int message) { reader.hear(message); });
  loop().run();
  EXPECT_EQ(reader.next, messages / 100);
  EXPECT_TRUE(reader.in_order);
  EXPECT_LE(queued_most, limit);
}

TEST_F(MillionMessages, go_back_and_forth_among_many_workers) {
  constexpr int workers = 4;
  constexpr int rounds = 5'000;
  std::vector<std::unique_ptr<Worker>> all;
  std::vector<MessagePort<int>> ports;
  int answers = 0;
  for (int i = 0; i < workers; ++i) {
    MessageChannel<int> channel;
    auto main = [](Loop&, MessagePort<int> parent) -> Promise<> {
      while (auto message = co_await parent.receive()) parent.post_message(*message + 1);
    };
    all.push_back(std::make_unique<Worker>(main, std::move(channel.port2)));
    ports.push_back(std::move(channel.port1));
  }
  for (MessagePort<int>& port : ports) {
    port.on_message([&](int message) {
      ++answers;
      message < rounds ? void(port.post_message(message)) : port.close();
    });
    port.post_message(0);
  }
  loop().run();
  EXPECT_EQ(answers, workers * rounds);
}

TEST_F(MillionMessages, may_be_on_their_way_when_everything_ends) {
  for (unsigned round = 0; round < 100; ++round) {
    MessageChannel<std::unique_ptr<int>> channel;
    auto main = [](Loop&, MessagePort<std::unique_ptr<int>> parent) {
      static thread_local std::optional<MessagePort<std::unique_ptr<int>>> kept;
      kept.emplace(std::move(parent));
      kept->on_message(
          [](std::unique_ptr<int> message) { kept->post_message(std::move(message)); });
      kept->on_close([] { kept.reset(); });
    };
    Worker worker(main, std::move(channel.port2));
    channel.port1.on_message([&](std::unique_ptr<int> message) {
      channel.port1.post_message(std::move(message));
      channel.port1.post_message(std::make_unique<int>(1));
    });
    channel.port1.post_message(std::make_unique<int>(1));
    for (unsigned turn = 0; turn < round % 7; ++turn) loop().run_once();
    if (round % 2) worker.terminate();
  }
}

}  // namespace
}  // namespace contrail
