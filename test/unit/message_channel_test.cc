#include "contrail/message_channel.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/microtask.h"
#include "contrail/timers.h"
#include "support/lives.h"
#include "support/loop_test.h"
#include "support/meddler.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class MessageChannels : public LoopTest {
 protected:
  /// Ports are closed by the test's end; libuv lets go of them in the next turns.
  void TearDown() override {
    if (has_loop()) loop().run();
    LoopTest::TearDown();
  }
  auto keep(std::vector<int>& in) {
    return [&in](int message) { in.push_back(message); };
  }
  /// For what happens on a port that does not keep the loop running by itself.
  void turn(int times = 3) {
    for (int i = 0; i < times; ++i) loop().run_nowait();
  }
};

using MessageChannelsDeathTest = MessageChannels;

TEST_F(MessageChannels, deliver_in_order) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  channel.port2.on_message(keep(seen));
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  turn();
  EXPECT_THAT(seen, ElementsAre(1, 2, 3));
}

TEST_F(MessageChannels, deliver_in_both_directions_messages_of_their_types) {
  MessageChannel<std::string, int> channel;
  std::string answer;
  channel.port2.on_message([&](int number) { channel.port2.post_message(std::to_string(number)); });
  channel.port1.on_message([&](std::string text) { answer = text; });
  channel.port1.post_message(7);
  turn();
  EXPECT_EQ(answer, "7");
}

TEST_F(MessageChannels, move_messages) {
  MessageChannel<std::unique_ptr<int>> channel;
  auto message = std::make_unique<int>(1);
  const int* there = message.get();
  const int* seen = nullptr;
  channel.port2.on_message([&](std::unique_ptr<int> received) { seen = received.get(); });
  EXPECT_TRUE(channel.port1.post_message(std::move(message)));
  turn();
  EXPECT_EQ(seen, there);
}

TEST_F(MessageChannels, deliver_nothing_inside_the_calls) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  channel.port1.post_message(1);
  channel.port2.on_message(keep(seen));
  channel.port1.post_message(2);
  EXPECT_THAT(seen, IsEmpty());
  turn();
  EXPECT_THAT(seen, ElementsAre(1, 2));
}

TEST_F(MessageChannels, drain_ticks_and_microtasks_between_messages) {
  MessageChannel<int> channel;
  std::vector<std::string> seen;
  channel.port2.on_message([&](int number) {
    next_tick([&, number] { seen.push_back("tick " + std::to_string(number)); });
  });
  for (int i = 1; i <= 2; ++i) channel.port1.post_message(i);
  turn();
  EXPECT_THAT(seen, ElementsAre("tick 1", "tick 2"));
}

TEST_F(MessageChannels, keep_messages_until_somebody_listens) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  channel.port1.post_message(1);
  turn();
  channel.port2.on_message(keep(seen));
  turn();
  channel.port2.on_message({});
  channel.port1.post_message(2);
  turn();
  EXPECT_THAT(seen, ElementsAre(1));
  channel.port2.on_message(keep(seen));
  turn();
  EXPECT_THAT(seen, ElementsAre(1, 2));
}

TEST_F(MessageChannels, let_a_listener_replace_itself) {
  MessageChannel<int> channel;
  std::vector<std::string> seen;
  auto owned = std::make_shared<std::string>("first");
  channel.port2.on_message([&, owned](int) {
    channel.port2.on_message([&](int) { seen.push_back("second"); });
    seen.push_back(*owned);
  });
  owned.reset();
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  turn();
  EXPECT_THAT(seen, ElementsAre("first", "second", "second"));
}

TEST_F(MessageChannels, go_on_when_a_listener_throws) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  int failures = 0;
  loop().on_uncaught_exception([&](std::exception_ptr) { ++failures; });
  channel.port2.on_message([&](int number) {
    seen.push_back(number);
    if (number == 1) throw std::runtime_error("no");
  });
  for (int i = 1; i <= 2; ++i) channel.port1.post_message(i);
  turn();
  EXPECT_EQ(failures, 1);
  EXPECT_THAT(seen, ElementsAre(1, 2));
}

TEST_F(MessageChannels, do_not_starve_others_by_messages_that_cause_messages) {
  MessageChannel<int> channel;
  int rounds = 0;
  channel.port2.on_message([&](int number) {
    ++rounds;
    channel.port1.post_message(number);
  });
  channel.port1.post_message(1);
  set_timeout([&] { channel.port2.close(); }, 1ms);
  loop().run();
  EXPECT_GT(rounds, 0);
}

TEST_F(MessageChannels, give_messages_to_coroutines_and_nothing_at_the_end) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  auto read = [](MessagePort<int> port, std::vector<int>& into) -> Promise<> {
    while (auto message = co_await port.receive()) into.push_back(*message);
    into.push_back(0);
  };
  read(std::move(channel.port2), seen).detach();
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  channel.port1.close();
  loop().run();
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 0));
}

TEST_F(MessageChannels, let_one_receive_wait_at_a_time) {
  MessageChannel<int> channel;
  std::string error;
  auto first = channel.port2.receive();
  auto note = [&](std::exception_ptr thrown) -> std::optional<int> {
    try {
      std::rethrow_exception(thrown);
    } catch (const Error& failure) {
      error = failure.what();
    }
    return {};
  };
  channel.port2.receive().catch_error(note).detach();
  channel.port1.close();
  loop().run();
  EXPECT_THAT(error, HasSubstr("receive: EBUSY"));
}

TEST_F(MessageChannels, resolve_a_receive_with_nothing_when_the_port_is_closed_meanwhile) {
  MessageChannel<int> channel;
  bool nothing = false;
  channel.port2.receive().then([&](auto message) { nothing = !message; }).detach();
  channel.port2.close();
  loop().run();
  EXPECT_TRUE(nothing);
}

TEST_F(MessageChannels, close_the_other_side_after_what_was_posted_before) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  channel.port2.on_message(keep(seen));
  channel.port2.on_close([&] { seen.push_back(-1); });
  channel.port1.post_message(1);
  channel.port1.close();
  loop().run();
  EXPECT_THAT(seen, ElementsAre(1, -1));
}

TEST_F(MessageChannels, leave_a_side_open_that_has_not_delivered_everything) {
  MessageChannel<int> channel;
  channel.port1.post_message(1);
  channel.port1.close();
  turn();
  EXPECT_TRUE(channel.port2.is_open());
  std::vector<int> seen;
  channel.port2.on_message(keep(seen));
  loop().run();
  EXPECT_THAT(seen, ElementsAre(1));
  EXPECT_FALSE(channel.port2.is_open());
}

TEST_F(MessageChannels, deliver_nothing_after_close) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  channel.port2.on_message([&](int message) {
    seen.push_back(message);
    channel.port2.close();
  });
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  loop().run();
  EXPECT_THAT(seen, ElementsAre(1));
}

TEST_F(MessageChannels, may_be_destroyed_inside_their_own_callbacks) {
  auto channel = std::make_unique<MessageChannel<std::string>>();
  std::vector<std::string> seen;
  auto owned = std::make_shared<std::string>("still here");
  channel->port2.on_message([&, owned](std::string message) {
    channel.reset();
    seen.push_back(message);
    seen.push_back(*owned);
  });
  owned.reset();
  for (int i = 0; i < 3; ++i) channel->port1.post_message("a message that is not small at all");
  loop().run();
  EXPECT_THAT(seen, ElementsAre("a message that is not small at all", "still here"));
}

TEST_F(MessageChannels, may_be_destroyed_inside_on_close) {
  auto channel = std::make_unique<MessageChannel<int>>();
  channel->port2.on_close([&] { channel.reset(); });
  channel->port2.close();
  loop().run();
  EXPECT_EQ(channel, nullptr);
}

TEST_F(MessageChannels, refuse_messages_that_nobody_will_read) {
  MessageChannel<std::string> channel;
  channel.port2.close();
  std::string message = "kept";
  EXPECT_FALSE(channel.port1.is_connected());
  EXPECT_FALSE(channel.port1.post_message(std::move(message)));
  EXPECT_EQ(message, "kept");
  EXPECT_FALSE(channel.port2.post_message("from a closed one"));
}

TEST_F(MessageChannels, count_what_is_queued) {
  MessageChannel<int> channel;
  std::vector<std::size_t> queued;
  for (int i = 0; i < 3; ++i) channel.port1.post_message(i);
  EXPECT_EQ(channel.port1.queued(), 3U);
  EXPECT_EQ(channel.port2.queued(), 0U);
  channel.port2.on_message([&](int) { queued.push_back(channel.port1.queued()); });
  turn();
  EXPECT_THAT(queued, ElementsAre(2, 1, 0));
}

TEST_F(MessageChannels, refuse_messages_beyond_their_limit_until_there_is_room) {
  MessageChannel<int> channel({.queued_max = 2});
  std::vector<int> seen;
  EXPECT_TRUE(channel.port1.post_message(1));
  EXPECT_TRUE(channel.port1.post_message(2));
  EXPECT_FALSE(channel.port1.post_message(3));
  channel.port2.on_message(keep(seen));
  turn();
  EXPECT_TRUE(channel.port1.post_message(4));
  turn();
  EXPECT_THAT(seen, ElementsAre(1, 2, 4));
}

TEST_F(MessageChannels, drop_what_was_not_delivered) {
  auto message = std::make_shared<int>(1);
  MessageChannel<std::shared_ptr<int>> channel;
  channel.port1.post_message(message);
  turn();  // It is taken.
  channel.port1.post_message(message);
  channel.port2.close();
  turn();
  EXPECT_EQ(message.use_count(), 1);
}

TEST_F(MessageChannels, are_dropped_with_their_loop) {
  auto message = std::make_shared<int>(1);
  MessageChannel<std::shared_ptr<int>> channel;
  channel.port2.on_message([message](std::shared_ptr<int>) {});
  channel.port2.on_close([] { ADD_FAILURE(); });
  channel.port1.post_message(message);
  destroy_loop();
  EXPECT_EQ(message.use_count(), 1);
  EXPECT_FALSE(channel.port2.is_open());
}

TEST_F(MessageChannels, take_along_what_they_had_not_delivered_when_they_are_detached) {
  MessageChannel<int> channel;
  std::vector<int> seen;
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  std::optional<DetachedPort<int>> away;
  channel.port2.on_message([&](int message) {
    seen.push_back(message);
    if (!away) away = std::move(channel.port2).detach();
  });
  turn();
  channel.port1.post_message(4);
  MessagePort<int> again(std::move(*away));
  again.on_message(keep(seen));
  turn();
  EXPECT_THAT(seen, ElementsAre(1, 2, 3, 4));
}

TEST_F(MessageChannels, reach_ports_on_other_threads) {
  MessageChannel<int> channel;
  int sum = 0;
  std::thread other([away = std::move(channel.port2).detach()]() mutable {
    Loop its_loop;
    MessagePort<int> port(std::move(away));
    port.on_message([&](int message) {
      port.post_message(message * 2);
      if (message == 3) port.close();
    });
    its_loop.run();
  });
  channel.port1.on_message([&](int message) { sum += message; });
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  loop().run();
  other.join();
  EXPECT_EQ(sum, 12);
}

TEST_F(MessageChannels, carry_ports) {
  using Inner = DetachedPort<int>;
  MessageChannel<int> inner;
  MessageChannel<Inner> outer;
  std::vector<int> seen;
  std::optional<MessagePort<int>> arrived;
  outer.port2.on_message([&](Inner port) {
    arrived.emplace(std::move(port));
    arrived->on_message(keep(seen));
  });
  outer.port1.post_message(std::move(inner.port2).detach());
  inner.port1.post_message(1);
  turn(6);
  EXPECT_THAT(seen, ElementsAre(1));
}

TEST_F(MessageChannels, close_when_a_detached_port_is_dropped) {
  MessageChannel<int> channel;
  bool closed = false;
  channel.port1.on_close([&] { closed = true; });
  channel.port1.ref();
  { const auto dropped = std::move(channel.port2).detach(); }
  loop().run();
  EXPECT_TRUE(closed);
}

TEST_F(MessageChannels, close_the_port_that_is_made_of_one_that_was_closed) {
  MessageChannel<int> channel;
  channel.port2.close();
  MessagePort<int> port(std::move(channel.port2).detach());
  port.ref();
  loop().run();
  EXPECT_FALSE(port.is_open());
  EXPECT_FALSE(channel.port1.is_open());
}

TEST_F(MessageChannels, do_not_tell_on_close_of_a_detached_port) {
  MessageChannel<int> channel;
  channel.port2.on_close([] { ADD_FAILURE(); });
  const auto away = std::move(channel.port2).detach();
  turn();
}

class MeddledPorts : public MessageChannels {
 protected:
  /// Two messages arrive; `act` is called in the before of the first.
  void arrive_and(std::function<void()> act) {
    port.on_message(keep(seen));
    for (int i = 1; i <= 2; ++i) channel.port1.post_message(i);
    const auto meddler = Meddler::in_before_of(port.async_id(), std::move(act));
    turn();
  }
  void TearDown() override {
    port.close();
    MessageChannels::TearDown();
  }

  MessageChannel<int> channel;
  MessagePort<int>& port = channel.port2;
  std::vector<int> seen;
};

TEST_F(MeddledPorts, tell_who_listens_since_the_before_of_a_message) {
  std::vector<int> by_other;
  arrive_and([&] { port.on_message(keep(by_other)); });
  EXPECT_THAT(by_other, ElementsAre(1, 2));
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(MeddledPorts, keep_a_message_for_the_next_to_listen_if_its_before_removes_the_listener) {
  arrive_and([&] { port.on_message({}); });
  EXPECT_THAT(seen, IsEmpty());
  port.on_message(keep(seen));
  turn();
  EXPECT_THAT(seen, ElementsAre(1, 2));
}

TEST_F(MeddledPorts, deliver_once_what_was_received_in_the_before_of_a_message) {
  std::vector<int> received;
  arrive_and([&] {
    port.on_message({});
    for (int i = 0; i < 2; ++i) {
      port.receive()
          .then([&](std::optional<int> message) { received.push_back(*message); })
          .detach();
    }
    port.on_message(keep(seen));
  });
  EXPECT_THAT(received, ElementsAre(1, 2));
  EXPECT_THAT(seen, IsEmpty());
}

TEST_F(MeddledPorts, deliver_nothing_once_they_are_closed_in_the_before_of_a_message) {
  arrive_and([&] { port.close(); });
  channel.port1.ref();
  loop().run();
  EXPECT_THAT(seen, IsEmpty());
  EXPECT_FALSE(channel.port1.is_open());
}

TEST_F(MessageChannels, call_back_in_the_context_in_which_the_port_was_made) {
  AsyncLocalStorage<std::string> storage;
  std::vector<std::string> seen;
  auto note = [&](auto...) { seen.push_back(*storage.get_store()); };
  auto channel = storage.run("made", [] { return MessageChannel<int>(); });
  storage.run("listening", [&] {
    channel.port2.on_message(note);
    channel.port2.on_close(note);
  });
  storage.run("posting", [&] { channel.port1.post_message(1); });
  turn();
  channel.port2.close();
  turn();
  EXPECT_THAT(seen, ElementsAre("made", "made"));
}

TEST_F(MessageChannels, are_a_resource_for_each_port_with_a_scope_for_each_message_and_the_end) {
  Lives lives({"MESSAGEPORT"});
  MessageChannel<int> channel;
  channel.port2.on_message([](int) {});
  for (int i = 1; i <= 3; ++i) channel.port1.post_message(i);
  channel.port1.close();
  loop().run();
  EXPECT_THAT(lives.graph(), ElementsAre("MESSAGEPORT:1 by root", "MESSAGEPORT:2 by root"));
  EXPECT_EQ(lives.of("MESSAGEPORT", 1), "1/1/1/1");
  EXPECT_EQ(lives.of("MESSAGEPORT", 2), "1/4/4/1");
  EXPECT_EQ(lives.id("MESSAGEPORT", 2), channel.port2.async_id());
}

TEST_F(MessageChannels, keep_the_loop_running_while_they_are_listened_to_or_waited_for) {
  MessageChannel<int> channel;
  EXPECT_FALSE(channel.port2.has_ref());
  auto message = channel.port2.receive();
  EXPECT_TRUE(channel.port2.has_ref());
  channel.port1.post_message(1);
  loop().run();
  EXPECT_FALSE(channel.port2.has_ref());
  channel.port2.on_message([](int) {});
  EXPECT_TRUE(channel.port2.has_ref());
  channel.port2.on_message({});
  EXPECT_FALSE(channel.port2.has_ref());
}

TEST_F(MessageChannelsDeathTest, say_that_a_port_was_used_on_another_thread) {
  MessageChannel<int> channel;
  EXPECT_DEATH(std::thread([&] { channel.port1.post_message(1); }).join(),
               "a MessagePort was used on a thread other than its Loop's");
}

TEST_F(MessageChannelsDeathTest, say_that_a_port_was_moved_from) {
  MessageChannel<int> channel;
  const auto moved = std::move(channel.port1);
  EXPECT_DEATH(channel.port1.queued(), "this MessagePort was used after it was moved from");
}

}  // namespace
}  // namespace contrail
