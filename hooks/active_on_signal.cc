// The signal that makes all Loops say what they wait for.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "contrail/error.h"
#include "contrail/hooks/active_resources.h"
#include "contrail/loop.h"
#include "hooks/debug_variable.h"

namespace contrail::inline v0::hooks {

namespace {

/// Every Loop there is. A signal handler may not lock, so it wakes a thread, which may.
class Loops {
 public:
  static Loops& instance() {
    static const bool once = (make_new(), ::pthread_atfork(nullptr, nullptr, make_new), true);
    (void)once;
    return *of_process;
  }

  void add(Loop& loop) {
    std::lock_guard lock(mutex_);
    loops_.push_back(&loop);
  }
  void remove(Loop& loop) {
    std::lock_guard lock(mutex_);
    std::erase(loops_, &loop);
  }
  void print_all() {
    std::lock_guard lock(mutex_);
    for (Loop* loop : loops_) {
      loop->post([] {
        const std::string text = active_resources_text();
        std::fwrite(text.data(), 1, text.size(), stderr);
        std::fflush(stderr);
      });
    }
  }

 private:
  explicit Loops(Loops* others) : of_parent_(others) {}
  /// Those of its parent are none of a child's, and a thread that it has not may hold their mutex.
  static void make_new() { of_process = new Loops(of_process); }

  static constinit inline Loops* of_process = nullptr;  ///< Outlives all statics, as Loops may be.
  [[maybe_unused]] Loops* const of_parent_;             ///< Left alone, but not lost: no leak.
  std::mutex mutex_;
  std::vector<Loop*> loops_;  ///< Each goes before its Loop does.
};

struct Registration {
  explicit Registration(Loop& made) : loop(made) { Loops::instance().add(loop); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;
  ~Registration() { Loops::instance().remove(loop); }

  Loop& loop;
};

constinit std::atomic<int> bell{-1};  ///< An eventfd that the thread waits at.
constinit std::array<struct sigaction, NSIG> previous{};
constinit std::atomic<pid_t> thread_of{-1};

/// Not in a child that was forked since: there is no such thread in it.
bool has_thread() { return thread_of == ::getpid(); }

void on_signal(int number, siginfo_t* about, void* context) {
  const int saved_errno = errno;
  const std::uint64_t once = 1;
  if (has_thread()) {  // Else the bell is the parent's.
    [[maybe_unused]] const ssize_t written = ::write(bell.load(), &once, sizeof once);
  }
  errno = saved_errno;
  const struct sigaction& before = previous[static_cast<std::size_t>(number)];
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, about, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(number);
  }
}

void wait_for_signals(int descriptor) {
  for (;;) {
    std::uint64_t count = 0;
    if (::read(descriptor, &count, sizeof count) == sizeof count) Loops::instance().print_all();
  }
}

/// With all signals blocked in it: they are the program's.
void start_thread() {
  const int descriptor = ::eventfd(0, EFD_CLOEXEC);
  if (descriptor < 0) throw Error(-errno, "eventfd");
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([descriptor] { wait_for_signals(descriptor); }).detach();
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  bell = descriptor;
  thread_of = ::getpid();
}

void catch_signal(int number) {
  struct sigaction action {};
  if (::sigaction(number, nullptr, &action) != 0) throw Error(-errno, "sigaction");
  previous[static_cast<std::size_t>(number)] = action;
  action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
  ::sigemptyset(&action.sa_mask);
  if (::sigaction(number, &action, nullptr) != 0) throw Error(-errno, "sigaction");
}

}  // namespace

void print_active_resources_on_signal(int signal) {
  static std::mutex mutex;
  static std::vector<int> caught;
  std::lock_guard lock(mutex);
  if (std::find(caught.begin(), caught.end(), signal) == caught.end()) {
    catch_signal(signal);
    caught.push_back(signal);
  }
  if (!has_thread()) start_thread();
}

bool heed_active_variable() {
  static const bool once = [] {
    Loop::add_companion([](Loop& loop) -> std::shared_ptr<void> {
      if (bell != -1 && !has_thread()) start_thread();
      if (switched_on("active")) print_active_resources_on_signal();
      return std::make_shared<Registration>(loop);
    });
    return true;
  }();
  return once;
}

}  // namespace contrail::inline v0::hooks
