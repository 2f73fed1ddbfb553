#include "contrail/cancellation.h"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <thread>

#include "contrail/contrail.h"
#include "contrail/testing/fake_clock.h"
#include "support/loop_test.h"
#include "support/temp_dir.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CancellationTest : public LoopTest {
 protected:
  /// What it was rejected with, or "" if it was fulfilled, or "pending".
  template <class T>
  std::string outcome_of(const Promise<T>& promise) {
    std::string outcome = "pending";
    promise
        .then([&outcome](auto&&...) { outcome = ""; },
              [&outcome](std::exception_ptr error) { outcome = said(std::move(error)); })
        .detach();
    loop().run();
    return outcome;
  }
  static std::string said(std::exception_ptr error) {
    try {
      std::rethrow_exception(std::move(error));
    } catch (const std::exception& exception) {
      return exception.what();
    }
  }

  /// What a test has opened is gone by now, and may close.
  void TearDown() override {
    if (has_loop()) loop().run();
    LoopTest::TearDown();
  }

  std::stop_source source;
  std::array<std::byte, 16> buffer{};
};

TEST_F(CancellationTest, of_sleep_ends_it_at_once) {
  auto slept = sleep(1h, source.get_token());
  source.request_stop();
  EXPECT_THAT(outcome_of(slept), StartsWith("sleep: ECANCELED"));
}

TEST_F(CancellationTest, starts_nothing_if_it_comes_first) {
  source.request_stop();
  const TempDir folder;
  auto written = fs::write_file(folder.path() / "file", "text", {}, source.get_token());
  EXPECT_THAT(outcome_of(written), HasSubstr("/file: ECANCELED"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "file"));
}

TEST_F(CancellationTest, may_come_from_another_thread) {
  auto slept = sleep(1h, source.get_token());
  std::jthread other([this] { source.request_stop(); });
  EXPECT_THAT(outcome_of(slept), StartsWith("sleep: ECANCELED"));
}

TEST_F(CancellationTest, after_the_end_does_nothing) {
  auto slept = sleep(1ms, source.get_token());
  EXPECT_EQ(outcome_of(slept), "");
  source.request_stop();
  loop().run();
}

TEST_F(CancellationTest, of_a_read_leaves_the_stream_usable) {
  auto [one, other] = Pipe::pair();
  auto read = one.read(buffer, source.get_token());
  source.request_stop();
  EXPECT_FALSE(read.pending()) << "the buffer is free at once";
  EXPECT_THAT(outcome_of(read), HasSubstr("ECANCELED"));
  other.write("x").detach();
  EXPECT_EQ(outcome_of(one.read(buffer)), "");
}

TEST_F(CancellationTest, of_accept_loses_no_connection) {
  TcpServer server;
  server.listen(SocketAddress::loopback());
  auto canceled = server.accept(source.get_token());
  auto next = server.accept();
  source.request_stop();
  auto client = TcpSocket::connect(server.address());
  next.then([&server](TcpSocket&) { server.close(); }).detach();
  EXPECT_THAT(outcome_of(canceled), StartsWith("accept 127.0.0.1:"));
  EXPECT_FALSE(next.pending());
}

TEST_F(CancellationTest, of_connect_closes_the_socket) {
  // Never answered: the connections that the system holds are as many as it may.
  TcpServer server;
  server.listen(SocketAddress::loopback(), {.backlog = 1});
  auto connecting = TcpSocket::connect(server.address(), source.get_token());
  source.request_stop();
  EXPECT_THAT(outcome_of(connecting.finally([&server] { server.close(); })),
              HasSubstr("ECANCELED"));
}

TEST_F(CancellationTest, of_a_process_kills_it) {
  auto running = run_process("sleep", {"1000"}, {}, source.get_token());
  source.request_stop();
  EXPECT_THAT(outcome_of(running), StartsWith("run_process sleep: ECANCELED"));
}

TEST_F(CancellationTest, of_waiting_for_a_process_leaves_it_alone) {
  auto child = Process::spawn("sleep", {"1000"});
  auto ended = child.exited(source.get_token());
  auto also = child.exited();
  source.request_stop();
  EXPECT_FALSE(ended.pending());
  EXPECT_TRUE(also.pending());
  child.kill();
  EXPECT_THAT(outcome_of(ended), StartsWith("wait sleep: ECANCELED"));
}

// --- with_timeout -------------------------------------------------------------------------------

TEST_F(CancellationTest, by_a_deadline_says_what_took_too_long) {
  auto [one, other] = Pipe::pair();
  auto read = one.read(buffer);
  EXPECT_THAT(outcome_of(with_timeout(read, 1ms)), StartsWith("read: ETIMEDOUT"));
  EXPECT_THAT(outcome_of(read), HasSubstr("ECANCELED"));
}

TEST_F(CancellationTest, by_a_deadline_leaves_no_timer_when_it_is_met) {
  EXPECT_EQ(outcome_of(with_timeout(sleep(1ms), 1h)), "");
}

TEST_F(CancellationTest, by_a_deadline_reaches_through_coroutines) {
  auto [one, other] = Pipe::pair();
  bool unwound = false;
  auto inner = [&](Stream& stream) -> Promise<> {
    struct Guard {
      bool& set;
      ~Guard() { set = true; }
    } guard{unwound};
    std::array<std::byte, 4> place;
    co_await stream.read(place);
  };
  auto outer = [&](Stream& stream) -> Promise<> { co_await inner(stream); };
  EXPECT_THAT(outcome_of(with_timeout(outer(one), 1ms)), HasSubstr("ETIMEDOUT"));
  EXPECT_TRUE(unwound);
}

TEST_F(CancellationTest, by_a_deadline_reaches_through_then_and_what_it_returns) {
  auto first = Promise<>::resolve().then([] { return sleep(1h); }).then([] {});
  EXPECT_THAT(outcome_of(with_timeout(first, 1ms)), HasSubstr("sleep: ETIMEDOUT"));
}

TEST_F(CancellationTest, by_a_deadline_reaches_all_that_is_waited_for_together) {
  auto one = sleep(1h);
  auto other = sleep(2h);
  EXPECT_THAT(outcome_of(with_timeout(all(std::vector{one, other}), 1ms)), HasSubstr("ETIMEDOUT"));
  EXPECT_FALSE(one.pending());
  EXPECT_FALSE(other.pending());
  auto third = sleep(1h);
  EXPECT_THAT(outcome_of(with_timeout(all(third, Promise<int>::resolve(1)), 1ms)),
              HasSubstr("ETIMEDOUT"));
  EXPECT_FALSE(third.pending());
  auto fourth = sleep(1h);
  EXPECT_THAT(outcome_of(with_timeout(race(fourth, sleep(2h)), 1ms)), HasSubstr("ETIMEDOUT"));
  EXPECT_FALSE(fourth.pending());
}

TEST_F(CancellationTest, by_a_deadline_of_any_is_the_deadline_and_not_all_its_failures) {
  EXPECT_THAT(outcome_of(with_timeout(any(sleep(1h), sleep(2h)), 1ms)),
              StartsWith("sleep: ETIMEDOUT"));
}

TEST_F(CancellationTest, of_queued_work_from_another_thread_needs_no_free_thread) {
  std::promise<void> gate;
  const std::shared_future<void> open = gate.get_future().share();
  const char* size = std::getenv("UV_THREADPOOL_SIZE");
  for (int i = 0; i < (size ? std::atoi(size) : 4); ++i)
    queue_work([open] { open.wait(); }).detach();
  auto waits = queue_work([] {}, {}, source.get_token());
  std::thread([&] { source.request_stop(); }).join();
  bool told = false;
  waits.catch_error([&] { told = true; }).detach();
  while (!told) loop().run_once();
  gate.set_value();
}

TEST_F(CancellationTest, by_a_deadline_gives_up_on_what_nobody_settles) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  EXPECT_THAT(outcome_of(with_timeout(promise, 5ms)), StartsWith("with_timeout 5 ms: ETIMEDOUT"));
  EXPECT_TRUE(promise.pending());
}

TEST_F(CancellationTest, by_a_deadline_passes_other_failures_on) {
  auto failed = Promise<int>::reject(std::runtime_error("no"));
  EXPECT_EQ(outcome_of(with_timeout(failed, 1h)), "no");
}

TEST_F(CancellationTest, of_a_coroutine_lets_it_clean_up_first) {
  auto work = []() -> Promise<int> {
    try {
      co_await sleep(1h);
    } catch (const Error&) {
    }
    co_await sleep(1ms);
    co_return 7;
  };
  auto result = with_timeout(work(), 1ms);
  EXPECT_EQ(outcome_of(result), "") << "it has coped";
}

TEST_F(CancellationTest, by_a_deadline_beyond_what_timers_count_is_far_away) {
  EXPECT_EQ(outcome_of(with_timeout(sleep(5ms), std::chrono::milliseconds::max())), "");
}

TEST_F(CancellationTest, by_a_deadline_of_promises_that_wait_for_each_other_is_told) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  resolver.resolve(promise.then([](int value) { return value; }));
  EXPECT_THAT(outcome_of(with_timeout(promise, 5ms)), StartsWith("with_timeout 5 ms: ETIMEDOUT"));
}

// --- by hooks -----------------------------------------------------------------------------------

TEST_F(CancellationTest, of_what_is_being_settled_does_nothing) {
  AsyncHook meddler{
      {.promise_resolve = [this](AsyncId) { source.request_stop(); }, .track_promises = true}};
  meddler.enable();
  EXPECT_EQ(outcome_of(sleep(1ms, source.get_token())), "");
  source = {};
  EXPECT_EQ(outcome_of(fs::read_file("/proc/self/stat", source.get_token())), "");
}

TEST_F(CancellationTest, of_a_request_that_has_called_back_does_not_reach_it) {
  std::vector<AsyncId> requests;
  AsyncHook meddler{{.init =
                         [&](const ResourceInfo& made) {
                           if (made.type == "FSREQCALLBACK") requests.push_back(made.async_id);
                         },
                     .before =
                         [&](AsyncId id) {
                           if (std::ranges::count(requests, id)) source.request_stop();
                         }}};
  meddler.enable();
  EXPECT_THAT(outcome_of(fs::stat("/", source.get_token())), StartsWith("stat /: ECANCELED"));
}

// --- with_stop ----------------------------------------------------------------------------------

TEST_F(CancellationTest, by_with_stop_serves_coroutines_without_a_token) {
  auto work = []() -> Promise<> { co_await sleep(1h); };
  auto stopped = with_stop(work(), source.get_token());
  source.request_stop();
  EXPECT_THAT(outcome_of(stopped), StartsWith("sleep: ECANCELED"));
}

TEST_F(CancellationTest, by_with_stop_gives_up_on_what_nobody_settles) {
  auto [promise, resolver] = Promise<int>::with_resolver();
  auto stopped = with_stop(promise, source.get_token());
  source.request_stop();
  EXPECT_THAT(outcome_of(stopped), StartsWith("with_stop: ECANCELED"));
}

TEST_F(CancellationTest, is_over_when_the_loop_is) {
  std::string outcome = "pending";
  auto told = [&outcome](std::exception_ptr) { outcome = "told"; };
  sleep(1h, source.get_token()).catch_error(told).detach();
  with_timeout(sleep(1h), 1h).catch_error(told).detach();
  destroy_loop();
  source.request_stop();
  EXPECT_EQ(outcome, "pending");
}

TEST_F(CancellationTest, reads_what_a_file_reader_was_reading) {
  const TempDir folder;
  const auto path = folder.path() / "file";
  auto read_all = [&]() -> Promise<std::string> {
    co_await fs::write_file(path, "12345678");
    FileReader reader(co_await File::open(path), {.chunk = 4});
    std::string text;
    for (int i = 0; i < 2; ++i) {
      auto piece = reader.read(source.get_token());
      source.request_stop();
      try {
        text += co_await piece;
      } catch (const Error&) {
      }
      source = {};
    }
    for (;;) {
      std::string piece = co_await reader.read();
      if (piece.empty()) break;
      text += piece;
    }
    co_return text;
  };
  auto text = read_all();
  EXPECT_EQ(outcome_of(text.then([](const std::string& all) { EXPECT_EQ(all, "12345678"); })), "");
}

}  // namespace
}  // namespace contrail
