// Hooks that come and go at random while signals, timers, files, datagrams and processes are under
// way. The seeds are the tests' parameters.

#include <unistd.h>

#include <array>
#include <csignal>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "contrail/async_local_storage.h"
#include "contrail/fs.h"
#include "contrail/process.h"
#include "contrail/signal.h"
#include "contrail/timers.h"
#include "contrail/udp.h"
#include "support/loop_test.h"
#include "support/sanitizers.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

/// Holds every resource to the order of its events.
class Ledger {
 public:
  Ledger() { hook_.enable(); }
  std::size_t announced() const { return announced_; }

 private:
  struct Life {
    int entered = 0;
    bool over = false;
  };
  void init(AsyncId id) {
    ++announced_;
    EXPECT_TRUE(lives_.emplace(id, Life()).second) << id << " was announced twice";
  }
  void before(AsyncId id) {
    EXPECT_FALSE(lives_[id].over) << id << " ran after its end";
    ++lives_[id].entered;
  }
  void after(AsyncId id) { EXPECT_GE(--lives_[id].entered, 0) << id << " ended before it began"; }
  void destroy(AsyncId id) {
    EXPECT_FALSE(std::exchange(lives_[id].over, true)) << id << " ended twice";
    EXPECT_EQ(lives_[id].entered, 0) << id << " ended while it ran";
  }

  std::map<AsyncId, Life> lives_;
  std::size_t announced_ = 0;
  AsyncHook hook_{{.init = [this](const ResourceInfo& made) { init(made.async_id); },
                   .before = [this](AsyncId id) { before(id); },
                   .after = [this](AsyncId id) { after(id); },
                   .destroy = [this](AsyncId id) { destroy(id); },
                   .track_promises = false}};
};

/// ThreadSanitizer delivers what is blocked: libuv's handler of SIGCHLD, inside that of another
/// signal, then waits for ever for whom it has interrupted.
constexpr int signals = has_thread_sanitizer ? 0 : 200;

class HooksBesideIo : public LoopTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  static constexpr std::size_t hook_count = 6;

  HooksBesideIo() : random_(GetParam()) {
    for (std::size_t i = 0; i < hook_count; ++i) hooks_.push_back(make_hook());
  }

  std::unique_ptr<AsyncHook> make_hook() {
    auto heard = [this](AsyncId) { toggle(); };
    const bool promises = random_() % 2 == 0;
    return std::make_unique<AsyncHook>(
        HookCallbacks{.init = [this](const ResourceInfo&) { toggle(); },
                      .before = heard,
                      .after = heard,
                      .destroy = heard,
                      .promise_resolve = promises ? Function<void(AsyncId)>(heard) : nullptr,
                      .track_promises = promises});
  }
  void toggle() {
    AsyncHook& hook = *hooks_[random_() % hook_count];
    random_() % 2 ? hook.enable() : hook.disable();
  }
  /// After each step of each of those below: the context has to have come along.
  void step(int who) {
    toggle();
    if (random_() % 16 == 0) hooks_[random_() % hook_count] = make_hook();
    const int* mine = who_.get_store();
    EXPECT_TRUE(mine && *mine == who);
    ++steps_;
  }

  Promise<> sleep_often(int who, int times) {
    for (int i = 0; i < times; ++i) {
      co_await sleep(1ms);
      step(who);
    }
  }
  Promise<> hear_signals(int who, int times) {
    const auto alive = loop().keep_alive();
    SignalWatcher watcher(SIGUSR2);
    for (int i = 0; i < times; ++i) {
      auto heard = watcher.wait();
      ::kill(::getpid(), SIGUSR2);
      co_await heard;
      step(who);
    }
  }
  Promise<> use_files(int who, int times) {
    const fs::Path path = folder_.path() / std::to_string(who);
    for (int i = 0; i < times; ++i) {
      const std::string text = std::to_string(i);
      co_await fs::write_file(path, text);
      step(who);
      EXPECT_EQ(co_await fs::read_file(path), text);
      step(who);
      co_await fs::remove(path);
      step(who);
    }
  }
  Promise<> exchange_datagrams(int who, int times) {
    UdpSocket source, target;
    target.bind(SocketAddress::loopback());
    std::array<std::byte, 64> buffer{};
    for (int i = 0; i < times; ++i) {
      auto received = target.receive(buffer);
      co_await source.send("datagram", target.address());
      step(who);
      const Datagram datagram = co_await received;
      EXPECT_EQ(as_text(datagram.bytes), "datagram");
      step(who);
    }
  }
  Promise<> run_children(int who, int times) {
    for (int i = 0; i < times; ++i) {
      RunOptions options{.input = std::to_string(i)};
      auto run = run_process("cat", {}, std::move(options));
      const ProcessOutput ran = co_await run;
      EXPECT_EQ(ran.output, std::to_string(i));
      step(who);
    }
  }
  /// One of them, in a context of its own.
  void start(Promise<> (HooksBesideIo::*activity)(int, int), int times) {
    const int who = ++started_;
    who_.run(who, [&] { (this->*activity)(who, times).detach(); });
  }

  void start_all() {
    for (int i = 0; i < 4; ++i) {
      start(&HooksBesideIo::sleep_often, 200);
      start(&HooksBesideIo::hear_signals, signals);
      start(&HooksBesideIo::use_files, 100);
      start(&HooksBesideIo::exchange_datagrams, 200);
      start(&HooksBesideIo::run_children, 20);
    }
  }

  const TempDir folder_;
  std::mt19937 random_;
  std::vector<std::unique_ptr<AsyncHook>> hooks_;
  AsyncLocalStorage<int> who_;
  int started_ = 0;
  int steps_ = 0;
};

TEST_P(HooksBesideIo, disturb_neither_contexts_nor_lives) {
  const Ledger ledger;
  start_all();
  loop().run();
  EXPECT_EQ(steps_, 4 * (200 + signals + 3 * 100 + 2 * 200 + 20)) << "with the seed " << GetParam();
  EXPECT_GE(ledger.announced(), 4u * (200 + 3 * 100 + 4 * 20));  // Timers, files and children.
}

INSTANTIATE_TEST_SUITE_P(Seeds, HooksBesideIo, ::testing::Range(0u, 6u),
                         ::testing::PrintToStringParamName());

}  // namespace
}  // namespace contrail
