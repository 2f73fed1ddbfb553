// What Node's own tests say of signals, file watchers and terminals.

#include <unistd.h>

#include <optional>

#include "contrail/signal.h"
#include "lives.h"
#include "support/tcp_test.h"

namespace contrail {
namespace {

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

}  // namespace
}  // namespace contrail
