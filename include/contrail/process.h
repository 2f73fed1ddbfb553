#pragma once

#include <chrono>
#include <csignal>
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "contrail/detail/export.h"
#include "contrail/error.h"
#include "contrail/pipe.h"
#include "contrail/promise.h"
#include "contrail/resource_info.h"
#include "contrail/result.h"

namespace contrail::inline v0 {

/// How a process ended: it returned a code, or a signal ended it.
struct ExitStatus {
  int code = 0;    ///< 0 if it was a signal.
  int signal = 0;  ///< 0 if it was none.

  bool success() const noexcept { return code == 0 && signal == 0; }
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

/// Where a child's standard stream leads. Node's default is `pipe`, which somebody has to read.
enum class ChildStdio {
  inherit,  ///< Where ours does.
  ignore,   ///< To /dev/null.
  pipe,     ///< To us: see Process::standard_input() and its siblings.
};

struct ProcessOptions {
  /// All of the child's environment, as "NAME=value"; ours if there is none here.
  std::optional<std::vector<std::string>> env = {};
  std::string cwd = {};  ///< Ours if empty.
  std::optional<unsigned> uid = {};
  std::optional<unsigned> gid = {};
  bool detached = false;  ///< Leads a session of its own: our terminal's signals pass it by.
  /// `file` is a command for /bin/sh, and there are no args. Never put into it what came from
  /// somebody else.
  bool shell = false;
  std::chrono::milliseconds timeout{};  ///< It gets kill_signal after that long; 0: never.
  int kill_signal = SIGTERM;
  ChildStdio standard_input = ChildStdio::ignore;
  ChildStdio standard_output = ChildStdio::inherit;
  ChildStdio standard_error = ChildStdio::inherit;
};

/// A child process. Hooks see a PROCESSWRAP, whose before and after are around its end; a timeout
/// is a Timeout besides. Each pipe is a PIPEWRAP of the caller's, made after the PROCESSWRAP.
///
///     auto child = Process::spawn("gzip", {"-k", path});
///     const ExitStatus status = co_await child.exited();
///
/// A child goes on when its Process goes out of scope: kill() it if it should not. Its pipes close.
/// The Loop, while it runs, reaps it all the same, but is kept from returning by it only if there
/// is a Process or exited() or on_exit() was called; what still runs when the Loop ends is left to
/// the system. libuv listens to SIGCHLD: leave that signal alone, and do not wait() for any child.
class CONTRAIL_API Process {
 public:
  /// What hooks see.
  struct CONTRAIL_API Details {
    std::string file;
    int pid;  ///< 0 in `init`, and if it could not be started.
  };

  /// Starts file, looked up in PATH unless it has a slash in it, with these arguments after its own
  /// name. No shell is involved unless options.shell asks for one. Throws Error if it cannot be
  /// started ("spawn /nowhere: ENOENT: …"), and EINVAL if anything has a NUL in it.
  static Process spawn(std::string file, std::vector<std::string> args = {},
                       const ProcessOptions& options = {},
                       CreationSite site = CreationSite::current());

  /// How it ended; as often as you like. A stop token ends the waiting, not the child.
  Promise<ExitStatus> exited(std::stop_token stop = {},
                             CreationSite site = CreationSite::current());
  /// Calls fn when it has ended, inside its PROCESSWRAP; in a tick if it has already. Not if a
  /// graceful_shutdown() no longer waits for that. Once; another
  /// fn takes the place of the first.
  void on_exit(Function<void(ExitStatus)> fn);

  /// Sends a signal. False if it has ended; what cannot be sent throws Error.
  bool kill(int signal = SIGTERM);

  int pid() const;

  /// Our ends of the child's streams, yours to move away; empty unless options asked for a pipe.
  /// The child's input ends when its pipe is closed or shut down.
  Pipe& standard_input();
  Pipe& standard_output();
  Pipe& standard_error();

  explicit operator bool() const noexcept { return state_ != nullptr; }  ///< Not moved from.
  AsyncId async_id() const noexcept;

  struct State;

 private:
  struct LetGo {
    void operator()(State* state) const noexcept;
  };
  static Pipe new_pipe(detail::StreamHandle state) { return Pipe(std::move(state)); }
  explicit Process(State* state) noexcept : state_(state) {}
  State& state() const;

  std::unique_ptr<State, LetGo> state_;
};

/// What run_process() has captured.
struct ProcessOutput {
  ExitStatus status;
  std::string output;
  std::string errors;
};

/// The Error of a run_process() that has begun, and what the child had said by then, up to the
/// limits. It is what the promise rejects with; callbacks are told the Error alone.
///
///     try {
///       co_await run_process("make", {}, {.process = {.timeout = 60s}});
///     } catch (const ProcessError& error) {
///       fmt::print("{}, after:\n{}", error.what(), error.output);
///     }
struct CONTRAIL_API ProcessError : Error {
  ProcessError(const Error& error, std::string its_output, std::string its_errors)
      : Error(error), output(std::move(its_output)), errors(std::move(its_errors)) {}

  std::string output;
  std::string errors;
};

struct RunOptions {
  std::string input = {};  ///< What it reads; then its input ends.
  std::size_t output_bytes_max = 1024 * 1024;
  std::size_t errors_bytes_max = 1024 * 1024;
  ProcessOptions process = {};  ///< The three standard streams are pipes, whatever it says.
};

/// Runs file to its end and captures what it says. A status other than 0 is no failure; these are:
/// it cannot be started; it says more than the limits allow (ENOBUFS), or takes longer than
/// process.timeout (ETIMEDOUT), or a token asks to stop (ECANCELED), and is then killed. Children
/// of its own that keep its output open are waited for, too, unless it is killed. What it had said
/// by then is in the ProcessError; a with_timeout() that cancels it puts a plain Error in its
/// place.
///
///     auto logging = run_process("git", {"log", "-1"});
///     const ProcessOutput log = co_await logging;
///
/// Hooks see a PROCESSWRAP and three PIPEWRAPs, all made by the call.
CONTRAIL_API Promise<ProcessOutput> run_process(std::string file,
                                                std::vector<std::string> args = {},
                                                RunOptions options = {}, std::stop_token stop = {},
                                                CreationSite site = CreationSite::current());
CONTRAIL_API void run_process(std::string file, std::vector<std::string> args, RunOptions options,
                              Callback<ProcessOutput> fn,
                              CreationSite site = CreationSite::current());

}  // namespace contrail::inline v0
