#include "test/conformance/suite/children.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "test/conformance/suite/interruption.h"

namespace contrail::conformance {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t output_bytes_max = 32 << 20;
constexpr std::size_t complaint_bytes_max = 4000;

struct Pipe {
  int reader;
  int writer;
};

Pipe open_pipe() {
  std::array<int, 2> ends = {};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error(std::strerror(errno));
  return {ends[0], ends[1]};
}

/// A group of its own, so that Ctrl-C is ours alone and a driver's own children die with it.
[[noreturn]] void become(const Runtime& runtime, const std::filesystem::path& file, int output,
                         int errors, milliseconds time_limit) {
  setpgid(0, 0);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  // Against one that closes its output and stays: nobody watches it any more.
  alarm(static_cast<unsigned>(time_limit.count() / 1000 + 2));
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(errors, STDERR_FILENO);
  runtime.run(file);
  std::abort();  // never reached; GCC does not see that of a virtual function
}

std::string name_of_signal(int signal) {
  switch (signal) {
    case SIGABRT: return "SIGABRT";
    case SIGALRM: return "SIGALRM";
    case SIGBUS: return "SIGBUS";
    case SIGFPE: return "SIGFPE";
    case SIGILL: return "SIGILL";
    case SIGINT: return "SIGINT";
    case SIGKILL: return "SIGKILL";
    case SIGPIPE: return "SIGPIPE";
    case SIGSEGV: return "SIGSEGV";
    case SIGTERM: return "SIGTERM";
    case SIGTRAP: return "SIGTRAP";
    default: return fmt::format("signal {}", signal);
  }
}

std::string account_of(int status) {
  if (WIFSIGNALED(status)) return fmt::format("ended with {}", name_of_signal(WTERMSIG(status)));
  if (WEXITSTATUS(status) != 0) return fmt::format("ended with {}", WEXITSTATUS(status));
  return "";
}

}  // namespace

std::string Run::text() const {
  return failure.empty() ? trace : fmt::format("{}[{}]\n", trace, failure);
}

Children::~Children() {
  for (Child& child : children_) {
    kill_child(child, "not wanted any more");
    finish(child);
  }
}

void Children::start(std::size_t tag, const Runtime& runtime, const std::filesystem::path& file,
                     milliseconds time_limit) {
  const Pipe output = open_pipe();
  const Pipe errors = open_pipe();
  std::fflush(nullptr);  // or the child would print what is pending here once more
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error(std::strerror(errno));
  if (process == 0) become(runtime, file, output.writer, errors.writer, time_limit);
  setpgid(process, process);  // Whoever comes first: it may be killed before it has begun.
  close(output.writer);
  close(errors.writer);
  children_.push_back({.tag = tag,
                       .process = process,
                       .deadline = Clock::now() + time_limit,
                       .output = {output.reader, ""},
                       .errors = {errors.reader, ""},
                       .killed_because = ""});
}

Children::Ended Children::next() {
  while (true) {
    const auto child = std::find_if(children_.begin(), children_.end(),
                                    [](const Child& each) { return each.is_silent(); });
    if (child != children_.end()) {
      Ended ended = {child->tag, finish(*child)};
      children_.erase(child);
      return ended;
    }
    if (is_interrupted()) throw Interrupted();
    read_some();
    for (Child& each : children_) {
      if (Clock::now() > each.deadline) kill_child(each, "timed out");
    }
  }
}

void Children::read_some() {
  std::vector<pollfd> polled;
  std::vector<std::pair<Child*, Stream*>> streams;
  for (Child& child : children_) {
    for (Stream* stream : {&child.output, &child.errors}) {
      if (stream->descriptor < 0) continue;
      polled.push_back({.fd = stream->descriptor, .events = POLLIN, .revents = 0});
      streams.emplace_back(&child, stream);
    }
  }
  constexpr int patience_ms = 100;  // until the deadlines and the flag of Ctrl-C are looked at
  if (poll(polled.data(), polled.size(), patience_ms) <= 0) return;
  for (std::size_t i = 0; i < polled.size(); ++i) {
    if (polled[i].revents != 0) read_from(*streams[i].first, *streams[i].second);
  }
}

void Children::read_from(Child& child, Stream& stream) {
  std::array<char, 65536> buffer;
  const ssize_t count = read(stream.descriptor, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return;
  if (count <= 0) {
    close(std::exchange(stream.descriptor, -1));
    return;
  }
  if (stream.text.size() > output_bytes_max) return kill_child(child, "printed without end");
  stream.text.append(buffer.data(), static_cast<std::size_t>(count));
}

/// Its streams are at their ends from now on, whoever else may hold them open.
void Children::kill_child(Child& child, std::string reason) {
  kill(-child.process, SIGKILL);
  kill(child.process, SIGKILL);
  for (Stream* stream : {&child.output, &child.errors}) {
    if (stream->descriptor >= 0) close(std::exchange(stream->descriptor, -1));
  }
  child.killed_because = std::move(reason);
}

Run Children::finish(Child& child) {
  int status = 0;
  while (waitpid(child.process, &status, 0) < 0 && errno == EINTR) continue;
  Run run = {std::move(child.output.text), account_of(status)};
  if (!child.killed_because.empty()) run.failure = child.killed_because;
  if (run.failure.empty() || child.errors.text.empty()) return run;
  run.failure += ": " + child.errors.text.substr(0, complaint_bytes_max);
  while (run.failure.ends_with('\n')) run.failure.pop_back();
  return run;
}

Run run_alone(const Runtime& runtime, const std::filesystem::path& file, milliseconds time_limit) {
  Children children;
  children.start(0, runtime, file, time_limit);
  return children.next().run;
}

}  // namespace contrail::conformance
