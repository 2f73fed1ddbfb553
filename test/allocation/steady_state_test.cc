// What goes on and on allocates nothing: what each event needs comes from the pool, and goes back.
// Texts are short here, since longer ones are an allocation of whoever makes them.

#include <array>
#include <string_view>

#include "contrail/detail/pool.h"
#include "contrail/fs.h"
#include "contrail/thread_pool.h"
#include "contrail/timers.h"
#include "contrail/udp.h"
#include "failing_new.h"
#include "tcp_test.h"
#include "temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;

constexpr int rounds = 100;
constexpr std::string_view ping = "ping";

class SteadyState : public TcpTest {
 protected:
  void SetUp() override {
    close_ledger();
    set_immediate([] {});
    loop().run();
    if (!detail::pool.recycles) GTEST_SKIP() << "AddressSanitizer wants to see every block";
  }

  /// Of so many rounds, once as many have made what is made but once.
  template <class Play>
  std::size_t allocations_of(Play play) {
    play();
    const std::size_t before = allocations();
    play();
    return allocations() - before;
  }
};

// --- timers -------------------------------------------------------------------------------------

TEST_F(SteadyState, of_timers_that_fire_allocates_for_their_delay_only) {
  int fired = 0;
  const std::size_t made = allocations_of([&] {
    for (int i = 0; i < rounds; ++i) set_timeout([&] { ++fired; }, 1ms);
    loop().run();
  });
  EXPECT_LE(made, 2u);  // The list of those of one delay, which was empty, and its place.
  EXPECT_EQ(fired, 2 * rounds);
}

TEST_F(SteadyState, of_timers_that_are_cleared_allocates_nothing) {
  const std::size_t made = allocations_of([&] {
    for (int i = 0; i < rounds; ++i) set_timeout([] {}, 1h).clear();
    loop().run();
  });
  EXPECT_EQ(made, 0u);
}

TEST_F(SteadyState, of_sleeps_that_end_allocates_for_their_delay_only) {
  const std::size_t made = allocations_of([&] {
    for (int i = 0; i < 50 * rounds; ++i) {
      sleep(1ms).detach();
      if (i % rounds == 0) loop().run();
    }
    loop().run();
  });
  EXPECT_LE(made, 2u * 51u);  // The same, each time the loop runs.
}

// --- TCP ----------------------------------------------------------------------------------------

TEST_F(SteadyState, of_tcp_callbacks_allocates_nothing) {
  Ends ends = connected_ends();
  int left = 0;
  ends.server.on_data([&](auto chunk) {
    ends.server.write(std::string(as_text(*chunk)), [](const Result<void>&) {});
  });
  ends.client.on_data([&](auto) {
    if (--left > 0) ends.client.write(std::string(ping), [](const Result<void>&) {});
  });
  const std::size_t made = allocations_of([&] {
    left = rounds;
    ends.client.write(std::string(ping), [](const Result<void>&) {});
    run_until([&] { return left == 0; });
  });
  EXPECT_EQ(made, 0u);
}

Promise<> answer(TcpSocket& socket) {
  std::array<std::byte, 64> buffer;
  while (const std::size_t size = co_await socket.read(buffer)) {
    std::string text(as_text(std::span(buffer).first(size)));
    co_await socket.write(std::move(text));
  }
}

/// Returns what the second half of its rounds has allocated: its own frame may be a large one.
Promise<std::size_t> ask(TcpSocket& socket) {
  std::array<std::byte, 64> buffer;
  std::size_t before = 0;
  for (int i = 0; i < 2 * rounds; ++i) {
    if (i == rounds) before = allocations();
    std::string text(ping);
    co_await socket.write(std::move(text));
    co_await socket.read(buffer);
  }
  co_return allocations() - before;
}

TEST_F(SteadyState, of_tcp_coroutines_allocates_nothing) {
  Ends ends = connected_ends();
  Promise<> answering = answer(ends.server);
  EXPECT_EQ(wait(ask(ends.client)), 0u);
  ends.client.close();
  wait(std::move(answering));
}

// --- UDP ----------------------------------------------------------------------------------------

TEST_F(SteadyState, of_udp_callbacks_allocates_nothing) {
  UdpSocket left, right;
  for (UdpSocket* socket : {&left, &right}) socket->bind(SocketAddress::loopback());
  int rounds_left = 0;
  right.on_message([&](const Result<Datagram>& message) {
    right.send(as_text(message.value().bytes), message.value().from, [](const Result<void>&) {});
  });
  left.on_message([&](const Result<Datagram>&) {
    if (--rounds_left > 0) left.send(ping, right.address(), [](const Result<void>&) {});
  });
  const std::size_t made = allocations_of([&] {
    rounds_left = rounds;
    left.send(ping, right.address(), [](const Result<void>&) {});
    run_until([&] { return rounds_left == 0; });
  });
  EXPECT_EQ(made, 0u);
}

Promise<std::size_t> send_and_receive(UdpSocket& from, UdpSocket& to) {
  std::array<std::byte, 64> buffer;
  std::size_t before = 0;
  for (int i = 0; i < 2 * rounds; ++i) {
    if (i == rounds) before = allocations();
    co_await from.send(ping, to.address());
    co_await to.receive(buffer);
  }
  co_return allocations() - before;
}

TEST_F(SteadyState, of_udp_coroutines_allocates_nothing) {
  UdpSocket left, right;
  for (UdpSocket* socket : {&left, &right}) socket->bind(SocketAddress::loopback());
  EXPECT_EQ(wait(send_and_receive(left, right)), 0u);
}

// --- the thread pool ----------------------------------------------------------------------------

TEST_F(SteadyState, of_file_operations_copies_the_text_of_their_paths_and_no_more) {
  const TempDir folder;  // Its name is longer than what fits into a string.
  const std::size_t made = allocations_of([&] {
    for (int i = 0; i < rounds; ++i) fs::stat(folder.path(), [](const Result<fs::Stat>&) {});
    for (int i = 0; i < rounds; ++i) fs::stat(folder.path()).detach();
    loop().run();
  });
  EXPECT_EQ(made, 2u * rounds);
}

TEST_F(SteadyState, of_work_for_the_pool_allocates_nothing) {
  int sum = 0;
  const std::size_t made = allocations_of([&] {
    for (int i = 0; i < rounds; ++i) {
      queue_work([i] { return i; }, {}, [&](Result<int> value) { sum += *value; });
      queue_work([i] { return i; }).then([&](int value) { sum += value; }).detach();
    }
    loop().run();
  });
  EXPECT_EQ(made, 0u);
  EXPECT_EQ(sum, 2 * rounds * (rounds - 1));
}

}  // namespace
}  // namespace contrail
