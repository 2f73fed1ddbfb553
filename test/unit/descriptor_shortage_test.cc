// A server whose process runs out of descriptors, for real: in a child of its own.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <deque>
#include <string>
#include <vector>

#include "contrail/loop.h"
#include "contrail/tcp.h"
#include "contrail/timers.h"
#include "support/raw_peer.h"
#include "support/sanitizers.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

constexpr int peers_count = 24;
constexpr int descriptors_left = 6;

/// More peers have connected than the process has descriptors left for; they do not wait for it.
class Shortage {
 public:
  Shortage() {
    server_.on_error([this](const Error& error) { errors.emplace_back(error.name()); });
    server_.listen(SocketAddress::loopback());
    spare_ = ::dup(STDERR_FILENO);
    for (int i = 0; i < peers_count; ++i) peers.push_back(RawPeer::connect(server_.address()));
    const int next = ::dup(STDERR_FILENO);
    ::close(next);
    const rlimit at_most{static_cast<rlim_t>(next + descriptors_left), RLIM_INFINITY};
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit lower{at_most.rlim_cur, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &lower);
  }

  /// How often the loop woke up meanwhile.
  int run_for(std::chrono::milliseconds time) {
    bool over = false;
    set_timeout([&] { over = true; }, time);
    int wakes = 0;
    while (!over) {
      loop_.run_once();
      ++wakes;
    }
    return wakes;
  }
  template <class Done>
  void run_until(Done done) {
    Timeout alarm = set_timeout([] { ::_exit(99); }, 20s);
    while (!done()) loop_.run_once();
    alarm.clear();
  }
  std::size_t served() const { return sockets.size() + closed; }
  void close_one() {
    sockets.pop_front();
    ++closed;
  }
  /// A descriptor that no handle has.
  void close_spare() { ::close(spare_); }

  std::vector<RawPeer> peers;
  std::deque<TcpSocket> sockets;
  std::size_t closed = 0;
  std::vector<std::string> errors;

 private:
  void serve(TcpSocket socket) {
    sockets.push_back(std::move(socket));
    TcpSocket& its = sockets.back();
    its.on_data([&its](Result<std::span<const std::byte>> chunk) {
      if (chunk && !chunk->empty()) its.write(std::string(as_text(*chunk)), [](auto) {});
    });
  }

  Loop loop_;
  TcpServer server_{[this](TcpSocket socket) { serve(std::move(socket)); }};
  int spare_ = -1;
  rlimit before_{};
};

class DescriptorShortageDeathTest : public ::testing::Test {
 protected:
  // UBSan's check of a vptr opens a pipe, and takes it for a broken vptr if it cannot. What can be
  // told with an accept4() that fails is in tcp_server_test.cc.
  void SetUp() override {
    if (has_address_sanitizer) GTEST_SKIP() << "sanitizers need descriptors, too";
  }

  /// Runs the test in a child, which has no descriptors left to fail with otherwise.
  static void in_a_child(void (*test)()) {
    auto run = [test] {
      test();
      ::_exit(HasFailure() ? 1 : 0);
    };
    EXPECT_EXIT(run(), ::testing::ExitedWithCode(0), "");
  }
};

TEST_F(DescriptorShortageDeathTest, is_told_once_and_keeps_nobody_busy) {
  in_a_child([] {
    Shortage shortage;
    shortage.run_until([&] { return !shortage.errors.empty(); });
    EXPECT_LE(shortage.served(), std::size_t{descriptors_left});
    EXPECT_LE(shortage.run_for(600ms), 8);
    EXPECT_THAT(shortage.errors, ::testing::ElementsAre("EMFILE"));
  });
}

TEST_F(DescriptorShortageDeathTest, does_not_touch_the_connections_that_there_are) {
  in_a_child([] {
    Shortage shortage;
    shortage.run_until([&] { return !shortage.errors.empty(); });
    const std::size_t had = shortage.served();
    EXPECT_GE(had, 1u);
    shortage.peers.front().send("ping");
    shortage.run_for(20ms);
    EXPECT_EQ(shortage.peers.front().receive(), "ping");
    EXPECT_EQ(shortage.served(), had);
  });
}

TEST_F(DescriptorShortageDeathTest, ends_for_all_who_wait_as_handles_close) {
  in_a_child([] {
    Shortage shortage;
    shortage.run_until([&] { return !shortage.errors.empty(); });
    const auto begin = std::chrono::steady_clock::now();
    while (shortage.served() < shortage.peers.size()) {
      shortage.close_one();
      const std::size_t had = shortage.served();
      shortage.run_until([&] { return shortage.served() > had; });
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s) << "the timer did it";
    EXPECT_THAT(shortage.errors, ::testing::ElementsAre("EMFILE"));
    shortage.peers.back().send("late");
    shortage.run_for(20ms);
    EXPECT_EQ(shortage.peers.back().receive(), "late");
  });
}

TEST_F(DescriptorShortageDeathTest, ends_without_a_handle_that_closes) {
  in_a_child([] {
    Shortage shortage;
    shortage.run_until([&] { return !shortage.errors.empty(); });
    const std::size_t had = shortage.served();
    shortage.close_spare();
    shortage.run_until([&] { return shortage.served() == had + 1; });
  });
}

TEST_F(DescriptorShortageDeathTest, is_over_with_its_server) {
  in_a_child([] {
    auto shortage = std::make_unique<Shortage>();
    shortage->run_until([&] { return !shortage->errors.empty(); });
    shortage.reset();
  });
}

}  // namespace
}  // namespace contrail
