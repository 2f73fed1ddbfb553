#include "src/io/raw_terminals.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <mutex>

namespace contrail::inline v0::detail::raw_terminals {
namespace {

/// Static, and of a fixed size: a signal handler reads it.
struct Place {
  std::atomic<bool> raw = false;
  int descriptor = -1;  ///< Ours: those of its users may be closed by the time it is needed.
  unsigned device = 0;
  int users = 0;
  termios before{};
};

/// Those whose default action ends the process, but SIGKILL.
constexpr std::array ending_signals = {
    SIGHUP,  SIGINT,  SIGQUIT, SIGILL,  SIGTRAP, SIGABRT, SIGBUS,  SIGFPE,    SIGUSR1, SIGSEGV,
    SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGXCPU, SIGXFSZ, SIGPROF, SIGVTALRM, SIGSYS};

std::array<Place, 16> places;
std::mutex mutex;  // Guards all but what the signal handler does.
int raw_count = 0;
std::atomic<pid_t> owner = 0;  ///< A child that was forked leaves its parent's terminals alone.

/// A process in the background would be stopped for touching the terminal.
class Undisturbed {
 public:
  Undisturbed() noexcept {
    sigset_t stop;
    sigemptyset(&stop);
    sigaddset(&stop, SIGTTOU);
    ::pthread_sigmask(SIG_BLOCK, &stop, &before_);
  }
  Undisturbed(const Undisturbed&) = delete;
  Undisturbed& operator=(const Undisturbed&) = delete;
  ~Undisturbed() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

int set_attributes(int descriptor, const termios& attributes) noexcept {
  int result;
  do {
    result = ::tcsetattr(descriptor, TCSADRAIN, &attributes);
  } while (result < 0 && errno == EINTR);
  return result < 0 ? -errno : 0;
}

/// Calls only what a signal handler may call.
void restore_all() noexcept {
  if (owner != ::getpid()) return;
  const Undisturbed undisturbed;
  for (Place& place : places) {
    if (!place.raw.exchange(false)) continue;
    // Does not wait for output that perhaps nobody reads any more.
    ::tcsetattr(place.descriptor, TCSANOW, &place.before);
  }
}

/// The default action, after all: it is due when the handler returns and unblocks the signal.
void restore_and_die(int number) {
  const int error = errno;
  restore_all();
  ::signal(number, SIG_DFL);
  ::raise(number);
  errno = error;
}

bool has_handler(int number, void (*handler)(int)) noexcept {
  struct sigaction current {};
  ::sigaction(number, nullptr, &current);
  return !(current.sa_flags & SA_SIGINFO) && current.sa_handler == handler;
}

void arm() noexcept {
  struct sigaction action {};
  action.sa_handler = restore_and_die;
  sigfillset(&action.sa_mask);
  for (int number : ending_signals) {
    if (has_handler(number, SIG_DFL)) ::sigaction(number, &action, nullptr);
  }
}

void disarm() noexcept {
  for (int number : ending_signals) {
    if (has_handler(number, restore_and_die)) ::signal(number, SIG_DFL);
  }
}

bool at_exit_too() noexcept {
  return std::atexit(restore_all) == 0 && std::at_quick_exit(restore_all) == 0;
}

/// As libuv's, and with it Node's: output is still processed, so that "\n" begins a line.
termios raw_version(termios attributes) noexcept {
  attributes.c_iflag &= ~static_cast<tcflag_t>(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
  attributes.c_oflag |= ONLCR;
  attributes.c_cflag |= CS8;
  attributes.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | IEXTEN | ISIG);
  attributes.c_cc[VMIN] = 1;
  attributes.c_cc[VTIME] = 0;
  return attributes;
}

int fill(Place& place, int descriptor, unsigned device) noexcept {
  if (::tcgetattr(descriptor, &place.before) < 0) return -errno;
  place.descriptor = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
  if (place.descriptor < 0) return -errno;
  place.device = device;
  if (raw_count++ == 0) arm();
  place.raw = true;  // A signal that comes now restores what was not changed yet.
  return set_attributes(place.descriptor, raw_version(place.before));
}

void empty(Place& place) noexcept {
  const Undisturbed undisturbed;
  if (place.raw.exchange(false)) set_attributes(place.descriptor, place.before);
  ::close(place.descriptor);
  place.descriptor = -1;
  if (--raw_count == 0) disarm();
}

}  // namespace

int enter(int descriptor) noexcept {
  const std::lock_guard lock(mutex);
  [[maybe_unused]] static const bool registered = at_exit_too();
  owner = ::getpid();
  unsigned device =
      0;  // The terminal's own, also of /dev/tty and of a pseudo-terminal's other end.
  if (::ioctl(descriptor, TIOCGDEV, &device) < 0) return -errno;
  int unused = -1;
  for (int i = 0; i < static_cast<int>(places.size()); ++i) {
    if (places[i].users > 0 && places[i].device == device) return ++places[i].users, i;
    if (places[i].users == 0 && unused < 0) unused = i;
  }
  if (unused < 0) return UV_ENOBUFS;
  Place& place = places[unused];
  const int failed = fill(place, descriptor, device);
  if (failed < 0) {
    if (place.descriptor >= 0) empty(place);
    return failed;
  }
  place.users = 1;
  return unused;
}

void leave(int number) noexcept {
  const std::lock_guard lock(mutex);
  Place& place = places[static_cast<std::size_t>(number)];
  if (--place.users == 0) empty(place);
}

void rearm() noexcept {
  const std::lock_guard lock(mutex);
  if (raw_count > 0) arm();
}

}  // namespace contrail::inline v0::detail::raw_terminals
