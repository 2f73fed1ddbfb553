// What Node's own tests say of child processes: who causes them, and what they say.

#include <unistd.h>

#include <csignal>
#include <optional>
#include <stdexcept>

#include "contrail/microtask.h"
#include "contrail/process.h"
#include "contrail/signal.h"
#include "lives.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

using ::testing::ElementsAre;

class ChildrenInNode : public TcpTest {
 protected:
  /// By a child, which has three pipes as Node's have.
  void send_signal() {
    const RunOptions options{.process = {.shell = true}};
    run_process(fmt::format("kill -USR2 {}", ::getpid()), {}, options, [this](auto) { ++ended; });
  }
  int ended = 0;
};

TEST_F(ChildrenInNode, are_caused_by_the_signal_whose_callback_makes_them) {
  Lives lives({"SIGNALWRAP", "PROCESSWRAP", "PIPEWRAP"});
  std::optional<SignalWatcher> first, second;
  bool over = false;
  first.emplace(SIGUSR2, [&](int) {
    first->on_signal([&](int) {
      first.reset();
      second.emplace(SIGUSR2, [&](int) { over = true; });
      send_signal();
    });
    send_signal();
  });
  send_signal();
  run_until([&] { return over && ended == 3; });
  EXPECT_THAT(
      lives.graph(),
      ElementsAre("SIGNALWRAP:1 by root", "PROCESSWRAP:1 by root", "PIPEWRAP:1 by root",
                  "PIPEWRAP:2 by root", "PIPEWRAP:3 by root", "PROCESSWRAP:2 by SIGNALWRAP:1",
                  "PIPEWRAP:4 by SIGNALWRAP:1", "PIPEWRAP:5 by SIGNALWRAP:1",
                  "PIPEWRAP:6 by SIGNALWRAP:1", "SIGNALWRAP:2 by SIGNALWRAP:1",
                  "PROCESSWRAP:3 by SIGNALWRAP:1", "PIPEWRAP:7 by SIGNALWRAP:1",
                  "PIPEWRAP:8 by SIGNALWRAP:1", "PIPEWRAP:9 by SIGNALWRAP:1"));
}

TEST_F(ChildrenInNode, have_each_message_handed_on_in_a_tick_of_its_own_whatever_it_throws) {
  catch_uncaught();
  auto child = Process::spawn("printf '0\\n1\\n2\\n3\\n4\\n5\\n6\\n7\\n8\\n9\\n'", {},
                              {.shell = true, .standard_output = ChildStdio::pipe});
  Lives lives({"TickObject"});
  std::string received;
  const auto on_message = [](const std::string& message) { throw std::runtime_error(message); };
  child.standard_output().on_data([&](Result<std::span<const std::byte>> chunk) {
    if (chunk->empty()) child.standard_output().close();
    received += as_text(*chunk);
    for (auto end = received.find('\n'); end != std::string::npos; end = received.find('\n')) {
      next_tick([&, message = received.substr(0, end)] { on_message(message); });
      received.erase(0, end + 1);
    }
  });
  loop().run();
  EXPECT_EQ(uncaught, "0, 1, 2, 3, 4, 5, 6, 7, 8, 9");
  EXPECT_EQ(lives.count("TickObject"), 10u);
}

}  // namespace
}  // namespace contrail
