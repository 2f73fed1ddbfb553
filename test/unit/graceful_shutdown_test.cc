#include "contrail/graceful_shutdown.h"

#include <unistd.h>
#include <uv.h>

#include <csignal>

#include "contrail/contrail.h"
#include "contrail/format.h"
#include "support/loop_test.h"
#include "support/meddler.h"

namespace contrail {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

class GracefulShutdown : public LoopTest {
 protected:
  /// What a test has opened is gone by now, and may close.
  void TearDown() override {
    if (has_loop()) loop().run();
    LoopTest::TearDown();
  }

  void shut_down(std::chrono::milliseconds deadline) {
    graceful_shutdown(deadline)
        .then([this](const ShutdownReport& told) { report = told; })
        .detach();
  }
  std::vector<std::string> cut_off() const {
    std::vector<std::string> types;
    for (const ActiveResource& each : report->cut_off) types.emplace_back(each.type);
    return types;
  }

  std::optional<ShutdownReport> report;
};

TEST_F(GracefulShutdown, of_a_loop_with_nothing_to_do_is_over_at_once) {
  shut_down(1h);
  loop().run();
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
  EXPECT_LT(report->took, 1s);
}

TEST_F(GracefulShutdown, closes_servers_and_lets_connections_finish) {
  std::string heard;
  TcpServer server([&](TcpSocket socket) {
    auto echo = [](TcpSocket on) -> Promise<> {
      std::array<std::byte, 16> buffer;
      const std::size_t size = co_await on.read(buffer);
      co_await on.write(std::string(as_text(std::span(buffer).first(size))));
    };
    echo(std::move(socket)).detach();
  });
  server.listen(SocketAddress::loopback());
  auto client = [&]() -> Promise<> {
    TcpSocket socket = co_await TcpSocket::connect(server.address());
    co_await sleep(1ms);
    shut_down(1h);
    co_await socket.write("late");
    std::array<std::byte, 16> buffer;
    const std::size_t size = co_await socket.read(buffer);
    heard = as_text(std::span(buffer).first(size));
  };
  client().detach();
  loop().run();
  EXPECT_EQ(heard, "late");
  ASSERT_TRUE(report);
  EXPECT_THAT(cut_off(), IsEmpty());
  EXPECT_EQ(server.async_id() > 0, true);
  EXPECT_THROW(server.address(), Error) << "closed";
}

TEST_F(GracefulShutdown, of_http_answers_what_has_been_asked) {
  http::Server server([this](http::Request, http::Response response) -> Promise<> {
    shut_down(1h);
    co_await sleep(1ms);
    response.end("answer");
  });
  server.listen(SocketAddress::loopback());
  std::string answer;
  auto client = [&]() -> Promise<> {
    TcpSocket socket = co_await TcpSocket::connect(server.address());
    co_await socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    std::array<std::byte, 1024> buffer;
    for (;;) {
      const std::size_t size = co_await socket.read(buffer);
      if (size == 0) break;
      answer += as_text(std::span(buffer).first(size));
    }
  };
  client().detach();
  loop().run();
  EXPECT_THAT(answer, ::testing::EndsWith("answer"));
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
}

TEST_F(GracefulShutdown, tells_what_had_to_be_cut_off_and_where_it_was_made) {
  auto [one, other] = Pipe::pair();
  const unsigned pair_line = __LINE__ - 1;
  std::array<std::byte, 4> buffer;
  auto read = one.read(buffer);
  set_interval([] {}, 1h);
  const unsigned interval_line = __LINE__ - 1;
  std::string failure;
  read.catch_error([&](std::exception_ptr error) -> std::size_t {
        try {
          std::rethrow_exception(error);
        } catch (const Error& known) {
          failure = known.name();
        }
        return 0;
      })
      .detach();
  shut_down(1ms);
  loop().run();
  ASSERT_TRUE(report);
  EXPECT_THAT(cut_off(), ElementsAre("PIPEWRAP", "Timeout"));
  EXPECT_EQ(report->cut_off[0].site.line(), pair_line);
  EXPECT_EQ(report->cut_off[1].site.line(), interval_line);
  EXPECT_EQ(failure, "ECANCELED");
  EXPECT_THAT(fmt::format("{}", report->cut_off[1]),
              ::testing::MatchesRegex("Timeout [0-9]+ \\(by 1\\), made at "
                                      ".*graceful_shutdown_test.cc:[0-9]+"));
}

TEST_F(GracefulShutdown, lets_cancelled_coroutines_clean_up) {
  auto [one, other] = Pipe::pair();
  auto talk = [](Pipe stream) -> Promise<> {
    std::array<std::byte, 4> buffer;
    try {
      co_await stream.read(buffer);
    } catch (const Error&) {
    }
    co_await stream.write("bye");
  };
  talk(std::move(one)).detach();
  shut_down(1ms);
  std::string heard;
  auto hear = [&](Pipe& stream) -> Promise<> {
    std::array<std::byte, 4> buffer;
    for (int i = 0; i < 2; ++i) {
      try {
        const std::size_t size = co_await stream.read(buffer);
        heard += as_text(std::span(buffer).first(size));
      } catch (const Error&) {
      }
    }
  };
  hear(other).detach();
  loop().run();
  EXPECT_EQ(heard, "bye");
}

TEST_F(GracefulShutdown, closes_what_goes_on_regardless) {
  auto stubborn = []() -> Promise<> {
    for (;;) {
      try {
        co_await sleep(1h);
      } catch (const Error&) {
      }
    }
  };
  stubborn().detach();
  shut_down(1ms);
  loop().run();
  ASSERT_TRUE(report);
  EXPECT_THAT(cut_off(), ElementsAre("Timeout"));
  destroy_loop();
}

TEST_F(GracefulShutdown, calls_those_who_asked_for_it_in_their_context) {
  AsyncLocalStorage<int> storage;
  int seen = 0;
  std::optional<OnShutdown> heard;
  storage.run(7, [&] { heard.emplace([&] { seen = *storage.get_store(); }); });
  bool gone_called = false;
  {
    OnShutdown gone([&] { gone_called = true; });
  }
  shut_down(1h);
  EXPECT_EQ(seen, 7);
  EXPECT_FALSE(gone_called);
  loop().run();
}

TEST_F(GracefulShutdown, by_a_second_call_may_be_due_earlier) {
  std::optional<ShutdownReport> first;
  sleep(1h).catch_error([] {}).detach();
  graceful_shutdown(1h).then([&](const ShutdownReport& told) { first = told; }).detach();
  shut_down(1ms);
  loop().run();
  ASSERT_TRUE(first);
  ASSERT_TRUE(report);
  EXPECT_THAT(cut_off(), ElementsAre("Timeout"));
}

TEST_F(GracefulShutdown, ends_run_although_somebody_keeps_the_loop_alive) {
  const auto alive = loop().keep_alive();
  sleep(1h).catch_error([] {}).detach();
  shut_down(1ms);
  loop().run();
  EXPECT_TRUE(report);
}

TEST_F(GracefulShutdown, leaves_alone_what_does_not_keep_the_loop_running) {
  SignalWatcher unheard(SIGUSR2);
  shut_down(1h);
  loop().run();
  ASSERT_TRUE(report);
  EXPECT_THAT(cut_off(), IsEmpty());
  EXPECT_TRUE(unheard.is_open());
}

TEST_F(GracefulShutdown, closes_a_stream_whose_peer_does_not_read) {
  auto [one, other] = Pipe::pair();
  std::string told;
  while (!one.needs_drain()) one.write(std::string(1 << 16, 'x'), [](Result<void>) {});
  one.write("last", [&](Result<void> result) { told = result ? "" : result.error().name(); });
  shut_down(1ms);
  loop().run();
  loop().run();
  EXPECT_EQ(told, "ECANCELED");
  EXPECT_FALSE(one.is_open());
}

TEST_F(GracefulShutdown, ends_children_that_run_process_waits_for) {
  std::vector<std::string> told;
  auto hear = [&](Result<ProcessOutput> result) {
    told.emplace_back(result ? "" : result.error().name());
  };
  run_process("sleep", {"1000"}, {}, hear);
  auto promised = run_process("sleep", {"1000"});
  promised
      .catch_error([&](std::exception_ptr error) -> ProcessOutput {
        try {
          std::rethrow_exception(error);
        } catch (const Error& known) {
          told.emplace_back(known.name());
        }
        return {};
      })
      .detach();
  shut_down(1ms);
  loop().run();
  loop().run();
  EXPECT_THAT(told, ElementsAre("ECANCELED", "ECANCELED"));
}

TEST_F(GracefulShutdown, tells_sockets_and_watchers_that_they_are_closed) {
  int told = 0;
  UdpSocket socket;
  socket.bind(SocketAddress::loopback());
  socket.on_message([](Result<Datagram>) {});
  socket.on_close([&] { ++told; });
  FsWatcher watcher("/");
  watcher.on_close([&] { ++told; });
  Worker worker([](Loop& own) { set_timeout([&own] { own.stop(); }, 1h); });
  worker.on_exit([&](std::exception_ptr) { ++told; });
  shut_down(1ms);
  loop().run();
  loop().run();
  EXPECT_EQ(told, 3);
}

TEST_F(GracefulShutdown, may_have_a_deadline_beyond_what_timers_count) {
  bool done = false;
  sleep(5ms).then([&] { done = true; }).detach();
  shut_down(std::chrono::milliseconds::max());
  loop().run();
  EXPECT_TRUE(done);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->complete());
}

TEST_F(GracefulShutdown, may_be_followed_by_one_that_a_hook_begins_as_it_ends) {
  bool again = false;
  shut_down(1h);
  const auto meddler = Meddler::in_promise_resolve(
      [&] { graceful_shutdown(1h).then([&](const ShutdownReport&) { again = true; }).detach(); });
  loop().run();
  EXPECT_TRUE(report);
  EXPECT_TRUE(again);
}

TEST_F(GracefulShutdown, may_be_followed_by_one_that_a_hook_begins_as_it_cuts_off) {
  bool again = false;
  const auto keep = loop().keep_alive();
  shut_down(0ms);
  const auto meddler = Meddler::in_promise_resolve(
      [&] { graceful_shutdown(0ms).then([&](const ShutdownReport&) { again = true; }).detach(); });
  loop().run();
  loop().run();
  ASSERT_TRUE(report);
  EXPECT_TRUE(again);
}

TEST_F(GracefulShutdown, may_be_under_way_when_the_loop_goes) {
  sleep(1h).detach();
  OnShutdown later([] {});
  shut_down(1h);
  destroy_loop();
  EXPECT_FALSE(report);
}

TEST_F(GracefulShutdown, survives_what_it_calls_throwing) {
  OnShutdown bad([] { throw std::runtime_error("no"); });
  shut_down(1h);
  EXPECT_THROW(loop().run(), std::runtime_error);
  loop().run();
  EXPECT_TRUE(report);
}

TEST_F(GracefulShutdown, refuses_an_empty_function) {
  EXPECT_THROW(OnShutdown({}), std::invalid_argument);
}

class ActiveResources : public LoopTest {};

TEST_F(ActiveResources, are_those_that_are_open) {
  EXPECT_THAT(loop().active_resources(), IsEmpty());
  auto timer = set_timeout([] {}, 1h);
  auto unheard = set_timeout([] {}, 1h).unref();
  auto immediate = set_immediate([] {});
  TcpServer server;
  server.listen(SocketAddress::loopback());
  fs::stat("/").detach();
  std::vector<std::string> types;
  for (const ActiveResource& each : loop().active_resources()) {
    types.push_back(fmt::format("{}{}", each.type, each.has_ref ? "" : " unref"));
  }
  EXPECT_THAT(types, UnorderedElementsAre("TCPSERVERWRAP", "FSREQCALLBACK", "Timeout",
                                          "Timeout unref", "Immediate"));
  timer.clear();
  unheard.clear();
  server.close();
  loop().run();
  EXPECT_THAT(loop().active_resources(), IsEmpty());
}

TEST_F(ActiveResources, end_with_each_keep_alive) {
  const unsigned line = __LINE__ + 1;
  auto first = std::make_optional(loop().keep_alive());
  auto second = std::make_optional(loop().keep_alive());
  auto moved = std::make_optional(std::move(*second));
  second.reset();
  auto timer = set_timeout([] {}, 1h);
  const std::vector<ActiveResource> all = loop().active_resources();
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_EQ(all[0].type, "Timeout");
  EXPECT_EQ(all[1].type, "KeepAlive");
  EXPECT_EQ(all[1].async_id, no_async_id);
  EXPECT_EQ(all[1].site.line(), line);
  EXPECT_EQ(all[2].site.line(), line + 1);
  EXPECT_TRUE(all[2].has_ref);
  timer.clear();
  first.reset();
  ASSERT_THAT(loop().active_resources(), SizeIs(1));
  EXPECT_EQ(loop().active_resources()[0].site.line(), line + 1);
  moved.reset();
  EXPECT_THAT(loop().active_resources(), IsEmpty());
}

TEST_F(ActiveResources, end_with_handles_that_are_not_contrails) {
  uv_timer_t timer, unheard, idle;
  for (uv_timer_t* each : {&timer, &unheard, &idle}) uv_timer_init(loop().native(), each);
  for (uv_timer_t* each : {&timer, &unheard})
    uv_timer_start(
        each, [](uv_timer_t*) {}, 1'000'000, 0);
  uv_unref(reinterpret_cast<uv_handle_t*>(&unheard));
  const std::vector<ActiveResource> all = loop().active_resources();
  for (uv_timer_t* each : {&timer, &unheard, &idle}) {
    uv_close(reinterpret_cast<uv_handle_t*>(each), nullptr);
  }
  EXPECT_THAT(loop().active_resources(), IsEmpty());
  loop().run();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].type, "uv_timer_t");
  EXPECT_EQ(all[0].async_id, no_async_id);
  EXPECT_FALSE(all[0].site);
}

TEST_F(ActiveResources, are_known_as_contrails_whatever_their_handles) {
  {
    TcpServer server;
    server.listen(SocketAddress::loopback());
    const SignalWatcher signal(SIGWINCH);
    UdpSocket udp;
    udp.bind(SocketAddress::loopback());
    udp.on_message([](const Result<Datagram>&) {});
    const FsWatcher files("/");
    const StatWatcher file("/");
    MessageChannel<int> channel;
    channel.port1.on_message([](int) {});
    auto process = Process::spawn("sleep", {"100"});
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    PollWatcher poll(ends[0]);
    poll.on_event([](Result<PollEvents>) {});
    poll.watch(PollEvents::readable);
    const Timeout timer = set_timeout([] {}, 1h);
    const Immediate immediate = set_immediate([] {});
    for (const ActiveResource& each : loop().active_resources()) {
      EXPECT_NE(each.async_id, no_async_id) << each.type;
    }
    EXPECT_THAT(loop().active_resources(), SizeIs(testing::Ge(9u)));
    process.kill();
    clear_timeout(timer);
    for (const int end : ends) ::close(end);
  }
  EXPECT_THAT(loop().active_resources(),
              Not(Contains(testing::Field(&ActiveResource::async_id, no_async_id))));
  loop().run();
}

TEST_F(GracefulShutdown, does_not_count_what_keeps_the_loop_among_what_was_cut_off) {
  const auto keep = loop().keep_alive();
  set_timeout([] {}, 1h);
  shut_down(1ms);
  loop().run();
  EXPECT_THAT(cut_off(), ElementsAre("Timeout"));
}

TEST_F(ActiveResources, do_not_include_what_could_not_be_opened) {
  EXPECT_THROW(FsWatcher("/nowhere"), Error);
  EXPECT_THROW(SignalWatcher{SIGKILL}, Error);
  EXPECT_THAT(loop().active_resources(), IsEmpty());
  loop().run();
}

}  // namespace
}  // namespace contrail
