#include "contrail/tty.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>

#include "contrail/async_local_storage.h"
#include "contrail/signal.h"
#include "support/tcp_test.h"
#include "temp_dir.h"
#include "trace.h"

namespace contrail {
namespace {

using ::testing::HasSubstr;
using WindowSize = Tty::WindowSize;

/// A pseudo-terminal: we sit at its keyboard and screen.
class Terminal {
 public:
  Terminal() { EXPECT_EQ(::openpty(&keyboard_, &line_, nullptr, nullptr, nullptr), 0); }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  ~Terminal() {
    ::close(keyboard_);
    ::close(line_);
  }

  int line() const { return line_; }
  int keyboard() const { return keyboard_; }
  void type(std::string_view keys) const {
    EXPECT_EQ(::write(keyboard_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }
  std::string screen() const {
    std::array<char, 256> buffer;
    const ssize_t size = ::read(keyboard_, buffer.data(), buffer.size());
    return std::string(buffer.data(), size < 0 ? 0 : static_cast<std::size_t>(size));
  }
  bool is_raw() const { return is_raw(line_); }
  static bool is_raw(int descriptor) {
    termios attributes{};
    EXPECT_EQ(::tcgetattr(descriptor, &attributes), 0);
    return !(attributes.c_lflag & (ICANON | ECHO | ISIG));
  }
  void resize(WindowSize size) const {
    const winsize wanted{static_cast<unsigned short>(size.rows),
                         static_cast<unsigned short>(size.columns), 0, 0};
    EXPECT_EQ(::ioctl(keyboard_, TIOCSWINSZ, &wanted), 0);
    ::kill(::getpid(), SIGWINCH);  // The system would tell whoever this terminal controls.
  }

 private:
  int keyboard_ = -1;
  int line_ = -1;
};

class Ttys : public TcpTest {
 protected:
  Tty open() const { return Tty::from_descriptor(terminal_.line()); }
  static std::string refusal_of(int descriptor) {
    try {
      Tty::from_descriptor(descriptor);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
  template <class Done>
  void await_signals(Done done) {
    const auto alive = loop().keep_alive();
    run_until(done);
  }

  Terminal terminal_;
};

TEST_F(Ttys, read_what_is_typed_line_by_line) {
  Tty tty = open();
  Collected typed;
  collect(tty, typed);
  terminal_.type("one\n");
  run_until([&] { return typed.text == "one\n"; });
  terminal_.type("two\n");
  run_until([&] { return typed.text == "one\ntwo\n"; });
}

TEST_F(Ttys, write_to_the_screen) {
  Tty tty = open();
  wait(tty.write("hello\n"));
  EXPECT_EQ(terminal_.screen(), "hello\r\n");
}

TEST_F(Ttys, may_be_a_stream) {
  Stream stream = open();
  wait(stream.write("hello"));
  EXPECT_EQ(terminal_.screen(), "hello");
  EXPECT_TRUE(Stream(std::move(stream)).is_open());
}

TEST_F(Ttys, refuse_what_is_no_terminal) {
  TempDir dir;
  const int file = ::open(dir.file("file", "x").c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(Tty::is_terminal(file));
  EXPECT_EQ(refusal_of(file),
            fmt::format("open descriptor {}: EINVAL: this is not a terminal", file));
  ::close(file);
  EXPECT_THAT(refusal_of(-1), HasSubstr("EINVAL"));
  EXPECT_TRUE(Tty::is_terminal(terminal_.line()));
}

TEST_F(Ttys, leave_the_descriptor_as_it_was) {
  const int flags = ::fcntl(terminal_.line(), F_GETFL);
  open();
  settle();
  EXPECT_EQ(::fcntl(terminal_.line(), F_GETFL), flags);
  EXPECT_FALSE(flags & O_NONBLOCK);
}

TEST_F(Ttys, keep_no_descriptor_when_they_are_closed) {
  const int lowest = ::dup(terminal_.line());
  ::close(lowest);
  {
    Tty line = open();
    Tty keyboard = Tty::from_descriptor(terminal_.keyboard());
    line.set_raw_mode(true);
  }
  settle();
  const int lowest_now = ::dup(terminal_.line());
  EXPECT_EQ(lowest_now, lowest);
  ::close(lowest_now);
}

TEST_F(Ttys, may_be_the_other_end) {
  Tty keyboard = Tty::from_descriptor(terminal_.keyboard());
  Tty line = open();
  Collected screen;
  collect(keyboard, screen);
  wait(line.write("hello"));
  run_until([&] { return screen.text == "hello"; });
}

TEST_F(Ttys, do_not_keep_the_loop_running_unless_they_are_read) {
  Tty tty = open();
  loop().run();
}

TEST_F(Ttys, cancel_a_read_when_they_close) {
  Tty tty = open();
  std::array<std::byte, 8> buffer;
  Promise<std::size_t> reading = tty.read(buffer);
  tty.close();
  EXPECT_THAT(failure_of(std::move(reading)), HasSubstr("read /dev/pts/"));
  EXPECT_THROW(tty.set_raw_mode(true), Error);
  EXPECT_THROW(static_cast<void>(tty.window_size()), Error);
}

TEST_F(Ttys, cannot_be_shut_down) {
  Tty tty = open();
  EXPECT_THAT(failure_of(tty.shutdown()), HasSubstr("ENOTSOCK"));
}

// --- raw mode -----------------------------------------------------------------------------------

TEST_F(Ttys, deliver_each_key_at_once_when_they_are_raw) {
  Tty tty = open();
  tty.set_raw_mode(true);
  EXPECT_TRUE(tty.is_raw());
  Collected typed;
  collect(tty, typed);
  terminal_.type("a");
  run_until([&] { return typed.text == "a"; });
  terminal_.type("\x03");
  run_until([&] { return typed.text == "a\x03"; });
  wait(tty.write("\n"));
  EXPECT_EQ(terminal_.screen(), "\r\n");  // Not the keys: there is no echo.
}

TEST_F(Ttys, restore_the_terminal_when_they_are_told) {
  Tty tty = open();
  for (int round = 0; round < 2; ++round) {
    tty.set_raw_mode(true);
    tty.set_raw_mode(true);
    EXPECT_TRUE(terminal_.is_raw());
    tty.set_raw_mode(false);
    EXPECT_FALSE(terminal_.is_raw());
  }
}

TEST_F(Ttys, restore_the_terminal_at_once_when_they_go) {
  std::optional<Tty> tty(open());
  tty->set_raw_mode(true);
  Tty moved = std::move(*tty);
  tty.reset();
  EXPECT_TRUE(terminal_.is_raw());
  moved.close();
  EXPECT_FALSE(terminal_.is_raw());
  {
    Stream stream = [&] {
      Tty raw = open();
      raw.set_raw_mode(true);
      return raw;
    }();
    EXPECT_TRUE(terminal_.is_raw());
  }
  EXPECT_FALSE(terminal_.is_raw());
}

TEST_F(Ttys, restore_the_terminal_when_their_loop_goes) {
  Tty tty = open();
  tty.set_raw_mode(true);
  destroy_loop();
  EXPECT_FALSE(terminal_.is_raw());
}

TEST_F(Ttys, share_the_raw_mode_of_one_terminal) {
  Tty input = open(), output = open(), keyboard = Tty::from_descriptor(terminal_.keyboard());
  input.set_raw_mode(true);
  output.set_raw_mode(true);
  keyboard.set_raw_mode(true);
  input.close();
  keyboard.close();
  EXPECT_TRUE(terminal_.is_raw());
  output.close();
  EXPECT_FALSE(terminal_.is_raw());
}

TEST_F(Ttys, have_a_raw_mode_each) {
  Terminal other;
  Tty first = open(), second = Tty::from_descriptor(other.line());
  first.set_raw_mode(true);
  EXPECT_FALSE(other.is_raw());
  second.set_raw_mode(true);
  first.set_raw_mode(false);
  EXPECT_FALSE(terminal_.is_raw());
  EXPECT_TRUE(other.is_raw());
}

/// What a signal would do now.
void (*action_of(int number))(int) {
  struct sigaction current {};
  ::sigaction(number, nullptr, &current);
  return current.sa_handler;
}

TEST_F(Ttys, leave_no_handler_behind) {
  Tty tty = open();
  tty.set_raw_mode(true);
  EXPECT_NE(action_of(SIGTERM), SIG_DFL);
  tty.set_raw_mode(false);
  EXPECT_EQ(action_of(SIGTERM), SIG_DFL);
}

TEST_F(Ttys, leave_signals_alone_that_somebody_handles) {
  const auto mine = [](int) {};
  ::signal(SIGTERM, mine);
  Tty tty = open();
  tty.set_raw_mode(true);
  EXPECT_EQ(action_of(SIGTERM), +mine);
  tty.set_raw_mode(false);
  EXPECT_EQ(action_of(SIGTERM), +mine);
  ::signal(SIGTERM, SIG_DFL);
}

// --- the ways a process may end -----------------------------------------------------------------

/// How a child ended that made its terminal raw and then called end(); what became of the terminal
/// is in was_restored.
class TtyAtTheEnd : public ::testing::Test {
 protected:
  template <class End>
  void child_ends_by(End end) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::login_tty(::dup(terminal_.line()));
      const rlimit no_core{};
      ::setrlimit(RLIMIT_CORE, &no_core);
      run_child(end);
    }
    ASSERT_EQ(::waitpid(child, &status_, 0), child);
    EXPECT_FALSE(terminal_.is_raw());
  }
  bool ended_by(int signal) const { return WIFSIGNALED(status_) && WTERMSIG(status_) == signal; }
  bool exited() const { return WIFEXITED(status_) && WEXITSTATUS(status_) == 0; }

 private:
  template <class End>
  [[noreturn]] static void run_child(End end) noexcept {
    Loop loop;
    Tty tty = Tty::from_descriptor(STDIN_FILENO);
    tty.set_raw_mode(true);
    if (!Terminal::is_raw(STDIN_FILENO)) ::_exit(98);
    end(loop);
    ::_exit(99);
  }

  Terminal terminal_;
  int status_ = 0;
};

TEST_F(TtyAtTheEnd, is_restored_by_quick_exit) {
  child_ends_by([](Loop&) { std::quick_exit(0); });
  EXPECT_TRUE(exited());
}

TEST_F(TtyAtTheEnd, is_restored_by_signals_which_still_end_the_process) {
  for (int signal : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGALRM}) {
    child_ends_by([=](Loop&) { ::kill(::getpid(), signal); });
    EXPECT_TRUE(ended_by(signal)) << signal;
  }
}

TEST_F(TtyAtTheEnd, is_restored_by_abort) {
  child_ends_by([](Loop&) { std::abort(); });
  EXPECT_TRUE(ended_by(SIGABRT));
}

TEST_F(TtyAtTheEnd, is_restored_by_terminate) {
  child_ends_by([](Loop&) { throw std::runtime_error("nobody catches this"); });
  EXPECT_TRUE(ended_by(SIGABRT));
}

TEST_F(TtyAtTheEnd, is_restored_by_a_signal_that_was_watched_before) {
  child_ends_by([](Loop&) {
    SignalWatcher(SIGTERM).close();
    ::kill(::getpid(), SIGTERM);
  });
  EXPECT_TRUE(ended_by(SIGTERM));
}

TEST_F(TtyAtTheEnd, is_left_alone_by_a_child_of_its_own) {
  child_ends_by([](Loop&) {
    const pid_t child = ::fork();
    if (child == 0) std::quick_exit(0);
    ::waitpid(child, nullptr, 0);
    if (!Terminal::is_raw(STDIN_FILENO)) ::_exit(97);
    std::quick_exit(0);
  });
  EXPECT_TRUE(exited());
}

/// A process of its own: libuv, too, has something to do in exit(), and not after a mere fork().
[[noreturn]] void exit_with_a_raw_terminal() {
  static const Terminal terminal;
  std::atexit([] { fmt::print(stderr, "{}", terminal.is_raw() ? "still raw" : "restored"); });
  Loop loop;
  Tty tty = Tty::from_descriptor(terminal.line());
  tty.set_raw_mode(true);
  if (!terminal.is_raw()) ::_exit(98);
  std::exit(0);
}

TEST(TtyDeathTest, exit_restores_the_terminal) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(exit_with_a_raw_terminal(), ::testing::ExitedWithCode(0), "restored");
}

// --- the window ---------------------------------------------------------------------------------

TEST_F(Ttys, know_the_size_of_the_window) {
  Tty tty = open();
  terminal_.resize({.columns = 132, .rows = 50});
  EXPECT_EQ(tty.window_size(), (WindowSize{.columns = 132, .rows = 50}));
}

TEST_F(Ttys, tell_when_the_size_has_changed) {
  Tty tty = open();
  std::vector<WindowSize> told;
  tty.on_resize([&](WindowSize size) { told.push_back(size); });
  ::kill(::getpid(), SIGWINCH);  // Some other terminal's.
  settle();
  terminal_.resize({.columns = 100, .rows = 40});
  await_signals([&] { return !told.empty(); });
  EXPECT_THAT(told, ::testing::ElementsAre(WindowSize{.columns = 100, .rows = 40}));
}

TEST_F(Ttys, may_be_destroyed_inside_on_resize) {
  std::optional<Tty> tty(open());
  tty->on_resize([&](WindowSize) { tty.reset(); });
  terminal_.resize({.columns = 100, .rows = 40});
  await_signals([&] { return !tty; });
}

TEST_F(Ttys, tell_the_size_where_on_resize_was_called) {
  AsyncLocalStorage<std::string> storage;
  std::string seen;
  Tty tty;
  storage.run("opened", [&] { tty = open(); });
  storage.run("asked", [&] {
    tty.on_resize([&](WindowSize) { seen = storage.get_store() ? *storage.get_store() : "none"; });
  });
  terminal_.resize({.columns = 100, .rows = 40});
  await_signals([&] { return !seen.empty(); });
  EXPECT_EQ(seen, "asked");
}

// --- what hooks see -----------------------------------------------------------------------------

TEST_F(Ttys, read_in_the_context_in_which_they_were_made) {
  AsyncLocalStorage<std::string> storage;
  std::string seen;
  Tty tty;
  storage.run("made", [&] { tty = open(); });
  storage.run("reading", [&] {
    tty.on_data([&](auto) { seen = storage.get_store() ? *storage.get_store() : "none"; });
  });
  terminal_.type("x\n");
  run_until([&] { return !seen.empty(); });
  EXPECT_EQ(seen, "made");
}

TEST_F(Ttys, show_hooks_what_is_typed_their_window_and_their_end) {
  Tty::Details shown;
  AsyncHook hook({.init = [&](const ResourceInfo& made) {
    if (auto* details = made.details.as<Tty::Details>()) shown = *details;
  }});
  hook.enable();
  Trace trace;
  Tty tty = open();
  tty.on_resize([](WindowSize) {});
  tty.on_data([&](auto) { tty.close(); });
  terminal_.type("x\n");
  loop().run();
  EXPECT_EQ(trace.text(),
            "+TTYWRAP1(t=root) +SIGNALWRAP1(t=root) >TTYWRAP1 <TTYWRAP1 >TTYWRAP1 <TTYWRAP1 "
            "xTTYWRAP1 xSIGNALWRAP1");
  EXPECT_EQ(shown.descriptor, terminal_.line());
  EXPECT_THAT(shown.name, HasSubstr("/dev/pts/"));
}

}  // namespace
}  // namespace contrail
