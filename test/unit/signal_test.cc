#include "contrail/signal.h"

#include <unistd.h>

#include <optional>
#include <vector>

#include "contrail/async_local_storage.h"
#include "support/tcp_test.h"
#include "trace.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SignalWatchers : public TcpTest {
 protected:
  /// A watcher does not keep the loop waiting.
  template <class Done>
  void await_signals(Done done) {
    const auto alive = loop().keep_alive();
    run_until(done);
  }
  static void raise(int number) { ::kill(::getpid(), number); }
  static std::string refusal_of(int number) {
    try {
      SignalWatcher watcher(number);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
  /// What the process would do with a signal now.
  static bool is_default(int number) {
    struct sigaction current {};
    ::sigaction(number, nullptr, &current);
    return current.sa_handler == SIG_DFL;
  }
};

TEST_F(SignalWatchers, call_back_with_the_number_at_each_signal) {
  std::vector<int> heard;
  SignalWatcher watcher(SIGUSR2, [&](int number) { heard.push_back(number); });
  raise(SIGUSR2);
  await_signals([&] { return heard.size() == 1; });
  raise(SIGUSR2);
  await_signals([&] { return heard.size() == 2; });
  EXPECT_THAT(heard, ElementsAre(SIGUSR2, SIGUSR2));
}

TEST_F(SignalWatchers, all_hear_the_signal_they_share) {
  int heard = 0;
  auto count = [&](int) { ++heard; };
  SignalWatcher first(SIGUSR2, count), second(SIGUSR2, count), other(SIGUSR1, count);
  raise(SIGUSR2);
  await_signals([&] { return heard == 2; });
  settle();
  EXPECT_EQ(heard, 2);
}

TEST_F(SignalWatchers, do_not_keep_the_loop_running) {
  SignalWatcher watcher(SIGUSR2);
  EXPECT_FALSE(watcher.has_ref());
  loop().run();
}

TEST_F(SignalWatchers, keep_the_loop_running_when_they_are_referenced) {
  SignalWatcher watcher(SIGUSR2);
  watcher.on_signal([&](int) { watcher.unref(); });
  watcher.ref();
  EXPECT_TRUE(watcher.has_ref());
  raise(SIGUSR2);
  loop().run();
  EXPECT_FALSE(watcher.has_ref());
}

TEST_F(SignalWatchers, give_the_default_action_back_when_the_last_one_closes) {
  std::optional<SignalWatcher> first(SIGUSR2), second(SIGUSR2);
  first.reset();
  EXPECT_FALSE(is_default(SIGUSR2));
  second.reset();
  EXPECT_TRUE(is_default(SIGUSR2));
}

TEST_F(SignalWatchers, may_be_destroyed_inside_their_own_callback) {
  std::optional<SignalWatcher> watcher;
  watcher.emplace(SIGUSR2, [&, held = std::make_shared<int>(1)](int) {
    watcher.reset();
    EXPECT_EQ(held.use_count(), 1);
  });
  raise(SIGUSR2);
  await_signals([&] { return !watcher; });
}

TEST_F(SignalWatchers, may_be_moved_while_they_are_waited_for) {
  const auto alive = loop().keep_alive();
  SignalWatcher first(SIGUSR2);
  Promise<int> waiting = first.wait();
  SignalWatcher second(std::move(first));
  EXPECT_FALSE(first);
  raise(SIGUSR2);
  EXPECT_EQ(wait(std::move(waiting)), SIGUSR2);
}

TEST_F(SignalWatchers, take_another_callback_inside_the_first) {
  std::string heard;
  SignalWatcher watcher(SIGUSR2);
  watcher.on_signal([&](int) {
    watcher.on_signal([&](int) { heard += "second"; });
    heard += "first ";
    raise(SIGUSR2);
  });
  raise(SIGUSR2);
  await_signals([&] { return heard == "first second"; });
}

TEST_F(SignalWatchers, once_hears_one_signal_and_closes) {
  int heard = 0;
  SignalWatcher watcher = SignalWatcher::once(SIGUSR2, [&](int) {
    ++heard;
    EXPECT_FALSE(watcher.is_open());
    EXPECT_TRUE(is_default(SIGUSR2));
  });
  raise(SIGUSR2);
  await_signals([&] { return heard == 1; });
}

TEST_F(SignalWatchers, resolve_every_wait_at_the_next_signal) {
  const auto alive = loop().keep_alive();
  SignalWatcher watcher(SIGUSR2);
  Promise<int> first = watcher.wait(), second = watcher.wait();
  raise(SIGUSR2);
  EXPECT_EQ(wait(std::move(first)), SIGUSR2);
  EXPECT_EQ(wait(std::move(second)), SIGUSR2);
}

TEST_F(SignalWatchers, cancel_a_wait_when_they_close) {
  SignalWatcher watcher(SIGTERM);
  Promise<int> waiting = watcher.wait();
  watcher.close();
  EXPECT_EQ(failure_of(std::move(waiting)), "signal SIGTERM: ECANCELED: operation canceled");
  EXPECT_THAT(failure_of(watcher.wait()), HasSubstr("EBADF"));
}

TEST_F(SignalWatchers, refuse_signals_that_cannot_be_caught) {
  EXPECT_EQ(refusal_of(SIGKILL), "signal SIGKILL: EINVAL: this signal cannot be caught");
  EXPECT_THAT(refusal_of(SIGSTOP), HasSubstr("signal SIGSTOP: EINVAL"));
  for (int number : {-1, 0, 32, 65, 4096}) {
    EXPECT_THAT(refusal_of(number), HasSubstr("EINVAL: this signal cannot be caught")) << number;
  }
}

TEST_F(SignalWatchers, tell_the_loop_what_their_callback_throws) {
  catch_uncaught();
  SignalWatcher watcher(SIGUSR2, [](int) { throw std::runtime_error("thrown"); });
  raise(SIGUSR2);
  await_signals([&] { return !uncaught.empty(); });
  EXPECT_EQ(uncaught, "thrown");
}

TEST_F(SignalWatchers, call_back_in_the_context_in_which_they_were_made) {
  AsyncLocalStorage<std::string> storage;
  std::string seen;
  std::optional<SignalWatcher> watcher;
  storage.run("made", [&] { watcher.emplace(SIGUSR2); });
  storage.run("listening", [&] {
    watcher->on_signal([&](int) { seen = storage.get_store() ? *storage.get_store() : "none"; });
  });
  raise(SIGUSR2);
  await_signals([&] { return !seen.empty(); });
  EXPECT_EQ(seen, "made");
}

TEST_F(SignalWatchers, show_hooks_each_signal_and_their_number) {
  int number = 0;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<SignalWatcher::Details>()) number = details->number;
  }});
  hook.enable();
  Trace trace;
  std::optional<SignalWatcher> watcher;
  watcher.emplace(SIGUSR2, [&](int) { watcher.reset(); });
  raise(SIGUSR2);
  await_signals([&] { return !watcher; });
  loop().run();
  EXPECT_EQ(trace.text(), "+SIGNALWRAP1(t=root) >SIGNALWRAP1 <SIGNALWRAP1 xSIGNALWRAP1");
  EXPECT_EQ(number, SIGUSR2);
}

TEST_F(SignalWatchers, end_with_their_loop) {
  SignalWatcher watcher(SIGUSR2, [](int) { FAIL(); });
  watcher.wait().detach();
  next_signal(SIGUSR2).detach();
  raise(SIGUSR2);
  destroy_loop();
  EXPECT_TRUE(is_default(SIGUSR2));
}

TEST_F(SignalWatchers, next_signal_calls_back_once) {
  const auto alive = loop().keep_alive();
  std::vector<int> heard;
  next_signal(SIGUSR2, [&](Result<int> number) { heard.push_back(*number); });
  Promise<int> next = next_signal(SIGUSR2);
  raise(SIGUSR2);
  EXPECT_EQ(wait(std::move(next)), SIGUSR2);
  settle();
  EXPECT_THAT(heard, ElementsAre(SIGUSR2));
  EXPECT_TRUE(is_default(SIGUSR2));
}

TEST_F(SignalWatchers, next_signal_says_later_what_it_refuses) {
  std::string error;
  next_signal(SIGKILL, [&](Result<int> number) { error = number.error().what(); });
  EXPECT_EQ(error, "");
  settle();
  EXPECT_THAT(error, HasSubstr("signal SIGKILL: EINVAL"));
  EXPECT_THAT(failure_of(next_signal(SIGSTOP)), HasSubstr("signal SIGSTOP: EINVAL"));
}

TEST(SignalWatcherDeathTest, says_so_when_it_was_moved_from) {
  EXPECT_DEATH(
      {
        Loop loop;
        SignalWatcher first(SIGUSR2);
        SignalWatcher second(std::move(first));
        first.number();
      },
      "SignalWatcher");
}

}  // namespace
}  // namespace contrail
