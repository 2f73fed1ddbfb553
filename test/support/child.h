#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <string>
#include <string_view>

namespace contrail {

/// A copy of this process that runs one function, with what it writes to stderr for the test to
/// read. It leaves no core dump.
class Child {
 public:
  template <class F>
  explicit Child(F fn) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const rlimit none{0, 0};
      ::setrlimit(RLIMIT_CORE, &none);
      ::dup2(ends[1], STDERR_FILENO);
      fn();
      ::_exit(0);
    }
    ::close(ends[1]);
    from_ = ends[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::close(from_);
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      (void)wait();
    }
  }

  void send(int signal) const { ::kill(pid_, signal); }

  /// Everything so far, once it contains this; or all, if it ends before.
  const std::string& output_with(std::string_view wanted) {
    while (output_.find(wanted) == std::string::npos && read_more()) continue;
    return output_;
  }
  const std::string& output() {
    while (read_more()) continue;
    return output_;
  }
  /// Waits for its end; as waitpid() tells it.
  int wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = -1;
    return status;
  }
  /// The signal that ended it; 0 if it ended by itself.
  int wait_for_signal() {
    const int status = wait();
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  }

 private:
  bool read_more() {
    std::array<char, 4096> chunk;
    const ssize_t size = ::read(from_, chunk.data(), chunk.size());
    if (size > 0) output_.append(chunk.data(), static_cast<std::size_t>(size));
    return size > 0;
  }

  pid_t pid_ = -1;
  int from_ = -1;
  std::string output_;
};

}  // namespace contrail
