#include "contrail/poll.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include <csignal>

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "contrail/async_local_storage.h"
#include "support/meddler.h"
#include "support/tcp_test.h"
#include "temp_dir.h"
#include "trace.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::string read_from(int descriptor) {
  std::array<char, 64> buffer;
  const ssize_t size = ::read(descriptor, buffer.data(), buffer.size());
  return std::string(buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
}

/// Two sockets that are connected to each other.
class PollWatchers : public TcpTest {
 protected:
  PollWatchers() {
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()), 0);
  }
  ~PollWatchers() override {
    close_end(0);
    close_end(1);
  }

  int ours() const { return ends_[0]; }
  int theirs() const { return ends_[1]; }
  void close_end(int which) {
    if (int end = std::exchange(ends_[which], -1); end >= 0) ::close(end);
  }
  void say(std::string_view text) const {
    EXPECT_EQ(::write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  std::string hear() const { return read_from(ours()); }
  /// Until the system takes no more.
  void fill() const {
    const std::string chunk(4096, 'x');
    while (::write(ours(), chunk.data(), chunk.size()) > 0) {
    }
  }
  static std::string refusal_of(int descriptor) {
    try {
      PollWatcher watcher(descriptor);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

 private:
  std::array<int, 2> ends_{};
};

TEST_F(PollWatchers, say_that_there_is_something_to_read) {
  PollWatcher watcher(ours());
  std::string text;
  watcher.on_event([&](Result<PollEvents> events) {
    EXPECT_EQ(*events, PollEvents::readable);
    text += hear();
  });
  watcher.watch(PollEvents::readable);
  say("one ");
  run_until([&] { return text == "one "; });
  say("two");
  run_until([&] { return text == "one two"; });
}

TEST_F(PollWatchers, watch_for_nothing_until_they_are_told) {
  PollWatcher watcher(ours());
  watcher.on_event([](Result<PollEvents>) { FAIL(); });
  say("unheard");
  loop().run();
  EXPECT_EQ(watcher.interest(), PollEvents::none);
}

TEST_F(PollWatchers, change_what_they_watch_for_inside_the_callback) {
  PollWatcher watcher(ours());
  std::string heard;
  watcher.on_event([&](Result<PollEvents> events) {
    if (*events == PollEvents::writable) {
      heard += "writable ";
      watcher.watch(PollEvents::readable);
      return say("x");
    }
    heard += "readable";
    watcher.watch(PollEvents::none);
  });
  watcher.watch(PollEvents::writable);
  loop().run();
  EXPECT_EQ(heard, "writable readable");
}

TEST_F(PollWatchers, keep_telling_what_is_still_so) {
  PollWatcher watcher(ours());
  int told = 0;
  watcher.on_event([&](Result<PollEvents>) {
    if (++told == 3) watcher.watch(PollEvents::none);
  });
  watcher.watch(PollEvents::readable);
  say("unread");
  loop().run();
  EXPECT_EQ(told, 3);
}

TEST_F(PollWatchers, tell_that_the_peer_is_gone) {
  PollWatcher watcher(ours());
  Promise<PollEvents> gone = watcher.wait(PollEvents::disconnect);
  close_end(1);
  EXPECT_EQ(wait(std::move(gone)), PollEvents::disconnect);
}

TEST_F(PollWatchers, tell_of_urgent_data) {
  const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* name = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, name, size), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, name, &size), 0);
  ASSERT_EQ(::connect(client, name, size), 0);
  const int accepted = ::accept(listener, nullptr, nullptr);
  std::optional<PollWatcher> watcher(client);
  ::send(accepted, "!", 1, MSG_OOB);
  EXPECT_EQ(wait(watcher->wait(PollEvents::priority)), PollEvents::priority);
  watcher.reset();
  for (int descriptor : {client, listener, accepted}) ::close(descriptor);
}

TEST_F(PollWatchers, resolve_waits_for_different_events_one_by_one) {
  PollWatcher watcher(ours());
  Promise<PollEvents> reading = watcher.wait(PollEvents::readable);
  EXPECT_EQ(wait(watcher.wait(PollEvents::writable)), PollEvents::writable);
  EXPECT_TRUE(reading.pending());
  say("x");
  EXPECT_EQ(wait(std::move(reading)), PollEvents::readable);
}

TEST_F(PollWatchers, wait_beside_a_listener) {
  PollWatcher watcher(ours());
  std::string heard;
  watcher.on_event([&](Result<PollEvents> events) {
    EXPECT_EQ(*events, PollEvents::readable);
    heard = hear();
  });
  watcher.watch(PollEvents::readable);
  EXPECT_EQ(wait(watcher.wait(PollEvents::writable)), PollEvents::writable);
  say("x");
  run_until([&] { return heard == "x"; });
}

Promise<std::string> read_three(PollWatcher& watcher) {
  std::string all;
  while (all.size() < 3) {
    co_await watcher.wait(PollEvents::readable);
    all += read_from(watcher.descriptor());
  }
  co_return all;
}

TEST_F(PollWatchers, serve_a_coroutine) {
  PollWatcher watcher(ours());
  Promise<std::string> all = read_three(watcher);
  for (const char* text : {"a", "b", "c"}) {
    say(text);
    settle();
  }
  EXPECT_EQ(wait(std::move(all)), "abc");
}

TEST_F(PollWatchers, watch_other_kinds_of_descriptors) {
  const int counter = ::eventfd(0, EFD_CLOEXEC);
  std::optional<PollWatcher> watcher(counter);
  Promise<PollEvents> counted = watcher->wait(PollEvents::readable);
  EXPECT_EQ(::eventfd_write(counter, 1), 0);
  EXPECT_EQ(wait(std::move(counted)), PollEvents::readable);
  watcher.reset();
  ::close(counter);
}

TEST_F(PollWatchers, make_the_descriptor_non_blocking) {
  PollWatcher watcher(ours());
  EXPECT_TRUE(::fcntl(ours(), F_GETFL) & O_NONBLOCK);
}

TEST_F(PollWatchers, may_share_a_descriptor) {
  PollWatcher reader(ours()), writer(ours());
  Promise<PollEvents> reading = reader.wait(PollEvents::readable);
  fill();
  Promise<PollEvents> writing = writer.wait(PollEvents::writable);
  say("x");
  EXPECT_EQ(wait(std::move(reading)), PollEvents::readable);
  EXPECT_TRUE(writing.pending());
  writer.close();
  EXPECT_THAT(failure_of(std::move(writing)), HasSubstr("ECANCELED"));
}

TEST_F(PollWatchers, tell_each_who_waits_once_if_a_hook_cancels_the_others_meanwhile) {
  PollWatcher watcher(ours());
  std::stop_source source;
  std::vector<std::string> told;
  for (int i = 0; i < 3; ++i) {
    watcher.wait(PollEvents::readable, source.get_token())
        .then([&](PollEvents) { told.emplace_back("readable"); },
              [&](std::exception_ptr) { told.emplace_back("cancelled"); })
        .detach();
  }
  const auto meddler = Meddler::in_promise_resolve([&] { source.request_stop(); });
  say("x");
  loop().run();
  EXPECT_THAT(told, UnorderedElementsAre("readable", "cancelled", "cancelled"));
}

TEST_F(PollWatchers, tell_each_who_waits_once_if_a_hook_cancels_them_as_they_close) {
  PollWatcher watcher(ours());
  std::stop_source source;
  int told = 0;
  for (int i = 0; i < 3; ++i) {
    watcher.wait(PollEvents::readable, source.get_token())
        .then([](PollEvents) { FAIL(); }, [&](std::exception_ptr) { ++told; })
        .detach();
  }
  const auto meddler = Meddler::in_promise_resolve([&] { source.request_stop(); });
  watcher.close();
  loop().run();
  EXPECT_EQ(told, 3);
}

TEST_F(PollWatchers, tell_each_of_many_who_are_cancelled_from_the_last_to_the_first) {
  PollWatcher watcher(ours());
  std::vector<std::stop_source> sources(1000);
  std::size_t canceled = 0;
  for (auto& source : sources) {
    watcher.wait(PollEvents::readable, source.get_token())
        .catch_error([&] { return ++canceled, PollEvents::none; })
        .detach();
  }
  for (auto source = sources.rbegin(); source != sources.rend(); ++source) source->request_stop();
  loop().run();
  EXPECT_EQ(canceled, sources.size());
}

// --- ends and errors ----------------------------------------------------------------------------

TEST_F(PollWatchers, refuse_what_is_always_ready) {
  TempDir dir;
  const int file = ::open(dir.file("file", "x").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_EQ(refusal_of(file),
            fmt::format("poll descriptor {}: EPERM: its kind of file is always ready", file));
  ::close(file);
}

TEST_F(PollWatchers, refuse_what_is_no_descriptor) {
  EXPECT_EQ(refusal_of(-1), "poll descriptor -1: EBADF: bad file descriptor");
  EXPECT_THAT(refusal_of(1 << 29), HasSubstr("EBADF"));
}

TEST_F(PollWatchers, say_that_the_descriptor_was_closed_while_it_was_watched) {
  PollWatcher watcher(ours());
  const int number = ours();
  std::string error;
  watcher.on_event([&](Result<PollEvents> events) { error = events.error().what(); });
  watcher.watch(PollEvents::readable);
  close_end(0);
  say("x");
  loop().run();
  EXPECT_EQ(error,
            fmt::format("poll descriptor {}: EBADF: it was closed while it was watched", number));
  EXPECT_EQ(watcher.interest(), PollEvents::none);
}

TEST_F(PollWatchers, refuse_more_of_a_descriptor_that_was_closed) {
  PollWatcher watcher(ours());
  close_end(0);
  EXPECT_THROW(watcher.watch(PollEvents::readable), Error);
  EXPECT_THAT(failure_of(watcher.wait(PollEvents::readable)),
              HasSubstr("it was closed while it was watched"));
}

TEST_F(PollWatchers, do_not_take_another_file_of_the_same_number_for_theirs) {
  PollWatcher watcher(ours());
  const int number = ours();
  watcher.on_event([](Result<PollEvents>) { FAIL(); });
  watcher.watch(PollEvents::readable);
  settle();
  close_end(0);
  const int other = ::eventfd(1, EFD_CLOEXEC);
  EXPECT_EQ(other, number);
  settle();
  watcher.close();
  ::close(other);
}

TEST_F(PollWatchers, let_go_of_the_descriptor_as_they_close) {
  std::optional<PollWatcher> watcher(ours());
  watcher->watch(PollEvents::readable);
  watcher.reset();
  PollWatcher peer_watcher(theirs());
  close_end(0);
  EXPECT_EQ(wait(peer_watcher.wait(PollEvents::disconnect)), PollEvents::disconnect);
}

TEST_F(PollWatchers, let_who_waits_find_the_error_of_the_descriptor) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  std::optional<PollWatcher> watcher(ends[1]);
  ::close(ends[0]);
  EXPECT_EQ(wait(watcher->wait(PollEvents::writable)), PollEvents::writable);
  ::signal(SIGPIPE, SIG_IGN);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  watcher.reset();
  ::close(ends[1]);
}

TEST_F(PollWatchers, refuse_to_wait_for_nothing) {
  PollWatcher watcher(ours());
  EXPECT_THAT(failure_of(watcher.wait(PollEvents::none)), HasSubstr("EINVAL"));
}

TEST_F(PollWatchers, cancel_a_wait_when_they_close) {
  PollWatcher watcher(ours());
  Promise<PollEvents> waiting = watcher.wait(PollEvents::readable);
  watcher.close();
  watcher.close();
  EXPECT_THAT(failure_of(std::move(waiting)), HasSubstr("ECANCELED"));
  EXPECT_THAT(failure_of(watcher.wait(PollEvents::readable)),
              HasSubstr("EBADF: this PollWatcher is closed"));
}

TEST_F(PollWatchers, may_be_destroyed_inside_their_own_callback) {
  std::optional<PollWatcher> watcher(ours());
  watcher->on_event([&, held = std::make_shared<int>(1)](Result<PollEvents>) {
    watcher.reset();
    EXPECT_EQ(held.use_count(), 1);
  });
  watcher->watch(PollEvents::writable);
  loop().run();
  EXPECT_FALSE(watcher);
}

TEST_F(PollWatchers, may_be_moved_while_they_are_waited_for) {
  PollWatcher first(ours());
  Promise<PollEvents> waiting = first.wait(PollEvents::readable);
  PollWatcher second(std::move(first));
  say("x");
  EXPECT_EQ(wait(std::move(waiting)), PollEvents::readable);
}

TEST_F(PollWatchers, do_not_keep_the_loop_running_when_they_are_unreferenced) {
  PollWatcher watcher(ours());
  watcher.watch(PollEvents::readable);
  EXPECT_TRUE(watcher.has_ref());
  watcher.unref();
  loop().run();
  EXPECT_FALSE(watcher.has_ref());
}

TEST_F(PollWatchers, tell_the_loop_what_their_callback_throws) {
  catch_uncaught();
  PollWatcher watcher(ours());
  watcher.on_event([&](Result<PollEvents>) {
    watcher.watch(PollEvents::none);
    throw std::runtime_error("thrown");
  });
  watcher.watch(PollEvents::writable);
  loop().run();
  EXPECT_EQ(uncaught, "thrown");
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(PollWatchers, call_back_in_the_context_in_which_they_were_made) {
  AsyncLocalStorage<std::string> storage;
  std::string seen;
  std::optional<PollWatcher> watcher;
  storage.run("made", [&] { watcher.emplace(ours()); });
  storage.run("listening", [&] {
    watcher->on_event([&](Result<PollEvents>) {
      seen = storage.get_store() ? *storage.get_store() : "none";
      watcher->watch(PollEvents::none);
    });
    watcher->watch(PollEvents::writable);
  });
  loop().run();
  EXPECT_EQ(seen, "made");
}

TEST_F(PollWatchers, show_hooks_each_event_and_their_descriptor) {
  int descriptor = -1;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<PollWatcher::Details>()) descriptor = details->descriptor;
  }});
  hook.enable();
  Trace trace(Trace::PromiseDestroys::shown);
  std::optional<PollWatcher> watcher(ours());
  watcher->on_event([&](Result<PollEvents>) { watcher.reset(); });
  watcher->watch(PollEvents::writable);
  loop().run();
  settle();
  EXPECT_EQ(trace.text(), "+POLL1(t=root) >POLL1 <POLL1 xPOLL1");
  EXPECT_EQ(descriptor, ours());
}

TEST_F(PollWatchers, end_with_their_loop) {
  PollWatcher watcher(ours());
  watcher.wait(PollEvents::writable).detach();
  destroy_loop();
}

}  // namespace
}  // namespace contrail
