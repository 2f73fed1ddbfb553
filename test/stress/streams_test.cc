// Streams that are opened, written to, closed and destroyed at random, also by their own callbacks
// and by each other's, while hooks come and go; and writers whose readers are slow.

#include <array>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "contrail/pipe.h"
#include "contrail/pipe_to.h"
#include "contrail/tcp.h"
#include "contrail/timers.h"
#include "loop_test.h"

namespace contrail {
namespace {

using Chunk = Result<std::span<const std::byte>>;

class Streams : public LoopTest, public ::testing::WithParamInterface<unsigned> {
 protected:
  Streams() : random(GetParam()) { std::cout << "seed " << GetParam() << '\n'; }

  std::size_t pick(std::size_t below) { return random() % below; }
  std::mt19937 random;
};

class StreamLives : public Streams {
 protected:
  static constexpr std::size_t all = 10'000;
  static constexpr std::size_t at_a_time = 96;

  StreamLives() : slots(at_a_time) {
    server.listen(SocketAddress::loopback());
    for (auto& hook : hooks) {
      hook = std::make_unique<AsyncHook>(HookCallbacks{
          .init = [this](const ResourceInfo&) { ++heard; },
          .before = [this](AsyncId) { ++heard; },
          .destroy = [this](AsyncId) { ++heard; },
      });
    }
  }
  void TearDown() override {
    server.close();
    for (auto& slot : slots) slot.reset();
    for (int turn = 0; turn < 20; ++turn) loop().run_nowait();
    hooks = {};
    LoopTest::TearDown();
  }

  void toggle_a_hook() {
    AsyncHook& hook = *hooks[pick(hooks.size())];
    pick(2) ? hook.enable() : hook.disable();
  }

  void adopt(Stream stream) {
    const std::size_t mine = pick(at_a_time);
    ++opened;
    stream.on_close([this, mine] { ++closed, disturb(mine); });
    stream.on_data([this, mine](Chunk chunk) {
      if (!chunk || chunk->empty()) return slots[mine].reset();
      disturb(mine);
    });
    if (pick(4) == 0) stream.set_read_timeout(std::chrono::milliseconds(1 + pick(3)));
    if (pick(8) == 0) stream.unref();
    stream.write(std::string(pick(300000), 'x'), [this, mine](Result<void>) { disturb(mine); });
    slots[mine] = std::move(stream);  // Whoever was there goes.
  }
  /// What a callback of the stream in that slot may do, to whomever is there by now.
  void disturb(std::size_t mine) {
    std::optional<Stream>& own = slots[mine];
    std::optional<Stream>& other = slots[pick(at_a_time)];
    switch (pick(10)) {
      case 0: return own.reset();
      case 1: return other.reset();
      case 2: return other ? other->close() : void();
      case 3: return own ? own->shutdown([](auto) {}) : void();
      case 4: return other ? other->pause() : void();
      case 5: return other ? other->resume() : void();
      case 6: return toggle_a_hook();
      case 7: return own ? own->on_data({}) : void();
      case 8: return other ? other->writev({"a", "b"}, [](auto) {}) : void();
      default: return;
    }
  }
  void open_something() {
    if (pick(3) == 0) {
      return TcpSocket::connect(server.address(), [this](Result<TcpSocket> socket) {
        if (socket) adopt(std::move(*socket));
      });
    }
    auto [one, other] = Pipe::pair({.passes_streams = pick(2) == 0});
    adopt(std::move(one));
    if (pick(5) != 0) adopt(std::move(other));
  }

  std::size_t opened = 0;
  std::size_t closed = 0;
  std::size_t heard = 0;
  std::array<std::unique_ptr<AsyncHook>, 4> hooks;
  std::vector<std::optional<Stream>> slots;
  TcpServer server{[this](TcpSocket socket) { adopt(std::move(socket)); }};
};

TEST_P(StreamLives, end_in_whatever_order) {
  while (opened < all) {
    open_something();
    if (pick(3) == 0) toggle_a_hook();
    loop().run_nowait();
  }
  EXPECT_GT(closed, all / 2);
  EXPECT_GT(heard, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, StreamLives, ::testing::Values(1u, 2u, 3u, 4u));

// --- slow readers -------------------------------------------------------------------------------

class SlowReaders : public Streams {
 protected:
  static constexpr std::size_t mark = 128 * 1024;
  static constexpr std::size_t piece_max = 64 * 1024;
  static constexpr std::size_t amount = 4 << 20;

  struct Pair {
    Pipe writer;
    Pipe reader;
    std::size_t got = 0;
  };

  /// Writes as fast as it may.
  Promise<> write_all(Stream& stream, std::mt19937 its_random) {
    stream.set_write_high_water_mark(mark);
    for (std::size_t left = amount; left > 0;) {
      const std::size_t size = std::min<std::size_t>(left, 1 + its_random() % piece_max);
      left -= size;
      stream.write(std::string(size, 'x'), [](auto) {});
      most = std::max(most, stream.write_queue_size());
      if (stream.needs_drain()) ++waits;
      co_await stream.drained();
    }
    co_await stream.shutdown();
  }
  /// Stops after each chunk, for a while now and then.
  void read_slowly(Pair& pair) {
    pair.reader.on_data([this, &pair](Chunk chunk) {
      pair.got += chunk->size();
      if (chunk->empty() || pick(4) != 0) return;
      pair.reader.pause();
      set_timeout([&pair] { pair.reader.resume(); }, std::chrono::milliseconds(pick(3)));
    });
  }

  std::size_t most = 0;  ///< That waited to be written on one stream.
  std::size_t waits = 0;
};

TEST_P(SlowReaders, keep_no_more_in_memory_than_the_mark_and_one_write) {
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < 8; ++i) {
    auto [writer, reader] = Pipe::pair();
    pairs.push_back(std::make_unique<Pair>(Pair{std::move(writer), std::move(reader)}));
    read_slowly(*pairs.back());
    write_all(pairs.back()->writer, std::mt19937(random())).detach();
  }
  loop().run();
  for (const auto& pair : pairs) EXPECT_EQ(pair->got, amount);
  EXPECT_LT(most, mark + piece_max);
  EXPECT_GT(waits, 0u);
  pairs.clear();
  loop().run();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SlowReaders, ::testing::Values(1u, 2u));

}  // namespace
}  // namespace contrail
