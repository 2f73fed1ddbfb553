// How did I get here? The causes of a callback, through timers and a coroutine; and what a crash
// says, in a process of its own.

#include <contrail/contrail.h>
#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>

using namespace contrail;
using namespace std::chrono_literals;

Promise<> look_around(const hooks::AsyncStack& stack) {
  co_await fs::stat("/");
  for (const hooks::AsyncFrame& frame : stack.current()) {
    const std::string by(frame.settled_by_type);
    fmt::print("{}{}\n", frame.type, by.empty() ? "" : ", settled by " + by);
  }
}

void crash(int report) {
  hooks::install_crash_handler({.fd = report, .native_stack = false});
  AsyncLocalStorage<std::string> user;
  const auto shown = hooks::context_field("user", user);
  Loop loop;
  user.run("ada", [] { set_immediate([] { std::abort(); }); });
  loop.run();
}

int main() {
  {
    Loop loop;
    const hooks::AsyncStack stack;
    set_timeout([&] { set_immediate([&] { look_around(stack).detach(); }); }, 1ms);
    loop.run();
  }
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) return 1;
  if (::fork() == 0) crash(ends[1]);
  ::close(ends[1]);
  std::string report(4096, '\0');
  std::size_t size = 0;
  while (const ssize_t more = ::read(ends[0], report.data() + size, report.size() - size)) {
    if (more > 0) size += static_cast<std::size_t>(more);
  }
  report.resize(size);
  int status = 0;
  ::wait(&status);
  // Ahead of this: the signal, the thread, and a line for each frame with its place and age.
  fmt::print("{}ended by SIGABRT: {}\n", report.substr(report.find("context:")),
             WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
