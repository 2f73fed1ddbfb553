// What Node's own tests say of signals, file watchers and terminals.

#include <pty.h>
#include <unistd.h>

#include <optional>

#include "contrail/fs_watcher.h"
#include "contrail/signal.h"
#include "contrail/tty.h"
#include "lives.h"
#include "support/tcp_test.h"
#include "temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class SignalsInNode : public TcpTest {};

TEST_F(SignalsInNode, are_heard_twice_by_one_watcher_and_then_by_its_successor) {
  const auto alive = loop().keep_alive();
  const auto raise = [] { ::kill(::getpid(), SIGUSR2); };
  Lives lives({"SIGNALWRAP"});
  std::optional<SignalWatcher> first, second;
  bool over = false;
  auto second_heard = [&](int) {
    EXPECT_EQ(lives.of("SIGNALWRAP", 2), "1/1/0/0");
    over = true;
  };
  first.emplace(SIGUSR2, [&](int) {
    EXPECT_EQ(lives.of("SIGNALWRAP"), "1/1/0/0");
    first->on_signal([&](int) {
      EXPECT_EQ(lives.of("SIGNALWRAP"), "1/2/1/0");
      first.reset();
      second.emplace(SIGUSR2, second_heard);
      raise();
    });
    raise();
  });
  EXPECT_EQ(lives.of("SIGNALWRAP"), "1/0/0/0");
  raise();
  run_until([&] { return over; });
  settle();
  EXPECT_EQ(lives.of("SIGNALWRAP"), "1/2/2/1");
  EXPECT_EQ(lives.of("SIGNALWRAP", 2), "1/1/1/0");
}

class FileWatchersInNode : public TcpTest {
 protected:
  void TearDown() override {
    loop().run();  // A look that has begun is waited for.
    TcpTest::TearDown();
  }
};

TEST_F(FileWatchersInNode, that_are_closed_at_once_have_no_callback) {
  Lives lives({"FSEVENTWRAP"});
  FsWatcher watcher("/");
  EXPECT_THAT(lives.graph(), ElementsAre("FSEVENTWRAP:1 by root"));
  watcher.close();
  loop().run();
  EXPECT_EQ(lives.of("FSEVENTWRAP"), "1/0/0/1");
}

TEST_F(FileWatchersInNode, that_look_are_made_by_the_program) {
  Lives lives({"STATWATCHER"});
  StatWatcher first("/"), second("/tmp");
  EXPECT_THAT(lives.graph(), ElementsAre("STATWATCHER:1 by root", "STATWATCHER:2 by root"));
}

TEST_F(FileWatchersInNode, that_look_have_one_callback_for_each_change) {
  TempDir dir;
  Lives lives({"STATWATCHER"});
  std::optional<StatWatcher> first, second;
  first.emplace(dir.path() / "first", 1ms);
  EXPECT_EQ(lives.of("STATWATCHER"), "1/0/0/0");
  second.emplace(dir.path() / "second", 1ms);
  EXPECT_EQ(lives.of("STATWATCHER", 2), "1/0/0/0");
  int first_changes = 0, second_changes = 0;
  const auto check = [&](const char* during) {
    EXPECT_EQ(lives.of("STATWATCHER"), fmt::format("1/{0}/{0}/0", first_changes)) << during;
    EXPECT_EQ(lives.of("STATWATCHER", 2), fmt::format("1/{0}/{0}/0", second_changes)) << during;
  };
  first->on_change([&](const fs::Stat&, const fs::Stat&) { ++first_changes; });
  second->on_change([&](const fs::Stat&, const fs::Stat&) { ++second_changes; });
  run_until([&] { return first_changes == 1 && second_changes == 1; });
  check("nothing there");
  std::filesystem::create_directory(dir.path() / "first");
  run_until([&] { return first_changes == 2; });
  check("the first is there");
  std::filesystem::create_directory(dir.path() / "second");
  run_until([&] { return second_changes == 2; });
  check("both are there");
  first.reset();
  second.reset();
  loop().run();
  EXPECT_EQ(lives.of("STATWATCHER"), "1/2/2/1");
  EXPECT_EQ(lives.of("STATWATCHER", 2), "1/2/2/1");
}

class TerminalsInNode : public TcpTest {
 protected:
  TerminalsInNode() { EXPECT_EQ(::openpty(&keyboard_, &line_, nullptr, nullptr, nullptr), 0); }
  ~TerminalsInNode() override {
    ::close(keyboard_);
    ::close(line_);
  }
  Tty open() const { return Tty::from_descriptor(line_); }

  Lives lives_{{"TTYWRAP"}};

 private:
  int keyboard_ = -1;
  int line_ = -1;
};

TEST_F(TerminalsInNode, have_their_id_from_the_start) {
  Tty terminal = open();
  EXPECT_GT(terminal.async_id(), root_async_id);
  EXPECT_EQ(terminal.async_id(), lives_.id("TTYWRAP"));
}

TEST_F(TerminalsInNode, run_once_when_they_close) {
  Tty terminal = open();
  EXPECT_THAT(lives_.graph(), ElementsAre("TTYWRAP:1 by root"));
  terminal.on_close([&] { EXPECT_EQ(lives_.of("TTYWRAP"), "1/1/0/0"); });
  terminal.close();
  EXPECT_EQ(lives_.of("TTYWRAP"), "1/0/0/0");
  loop().run();
  EXPECT_EQ(lives_.of("TTYWRAP"), "1/1/1/1");
}

TEST_F(TerminalsInNode, run_once_when_they_close_after_a_write) {
  Tty terminal = open();
  terminal.write("x\n", [&](Result<void> written) {
    EXPECT_TRUE(written);
    EXPECT_EQ(lives_.of("TTYWRAP"), "1/0/0/0");
    terminal.close();
  });
  loop().run();
  EXPECT_EQ(lives_.of("TTYWRAP"), "1/1/1/1");
}

}  // namespace
}  // namespace contrail
