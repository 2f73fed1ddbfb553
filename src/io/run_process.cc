// A child from its start to the last byte of its output.

#include "contrail/microtask.h"
#include "src/io/process_state.h"
#include "src/io/promised.h"

namespace contrail::inline v0 {
namespace {

/// Is told what was captured, and why that is not all, if it is not.
using Told = Function<void(ProcessOutput, const std::optional<Error>&)>;

/// Kept by the callbacks of its process and pipes, which those drop when they close.
struct Run final : std::enable_shared_from_this<Run>, detail::Cancellable {
  /// One of the child's outputs.
  struct Capture {
    Pipe& pipe;
    std::size_t bytes_max;
    std::string text = {};
  };

  Run(std::string file, RunOptions given, Told callback, CreationSite site)
      : options(std::move(given)),
        fn(std::move(callback)),
        child(new Process::State(std::move(file), site)),
        output{child->pipes[1], options.output_bytes_max},
        errors{child->pipes[2], options.errors_bytes_max} {
    auto& wanted = options.process;
    timeout = std::exchange(wanted.timeout, {});  // Of all of it, not of the child alone.
    wanted.standard_input = wanted.standard_output = wanted.standard_error = ChildStdio::pipe;
  }

  void start(const std::vector<std::string>& args) {
    const int status = child->start(args, options.process);
    if (status < 0) return refuse(status);
    auto self = shared_from_this();
    child->on_exit = [self](ExitStatus ended) {
      self->exit = ended;
      self->finish_if_over();
    };
    child->on_lost = [self] { self->fail(self->child->error(UV_ECANCELED, "run_process")); };
    if (timeout.count() > 0) start_timer();
    listen(output);
    listen(errors);
    feed();
  }

  void start_timer() {
    auto end = [self = shared_from_this()] {
      self->kill();
      self->give_up(UV_ETIMEDOUT);
      // It may have ended long ago, and only what it has started is still there.
      if (self->exit) self->finish_if_over();
    };
    timer = set_timeout(std::move(end), std::min(timeout, detail::longest_delay),
                        child->resource.creation_site());
  }

  void kill() noexcept {
    try {
      child->kill(options.process.kill_signal);
    } catch (const Error&) {
      // It may not be ours any more: it has changed its user.
    }
  }

  void refuse(int status) {
    auto tell = [self = shared_from_this(), failure = child->error(status, "spawn")] {
      self->fail(failure);
    };
    next_tick(std::move(tell), child->resource.creation_site());
    close_all();
    child->close();
  }

  bool cancel() noexcept override {
    kill();
    close_all();
    fail(child->error(UV_ECANCELED, "run_process"));  // Its end is not waited for.
    return true;
  }

  Pipe& input() { return child->pipes[0]; }

  void feed() {
    if (options.input.empty()) return input().close();
    // A child that does not read to the end is not our business.
    input().write(std::move(options.input),
                  [self = shared_from_this()](Result<void>) { self->input().close(); });
  }

  void listen(Capture& from) {
    from.pipe.on_data([self = shared_from_this(), &from](Result<std::span<const std::byte>> chunk) {
      if (!chunk || chunk->empty()) {
        from.pipe.close();
        return self->finish_if_over();
      }
      const std::size_t room = from.bytes_max - from.text.size();
      from.text += as_text(*chunk).substr(0, room);
      if (chunk->size() <= room) return;
      self->kill();
      self->give_up(UV_ENOBUFS);
    });
  }

  /// It was sent a signal: what its own children still have to say is not waited for.
  void give_up(int status) {
    if (!failure) failure = child->error(status, "run_process");
    close_all();
    finish_if_over();
  }

  void close_all() {
    for (Pipe& pipe : child->pipes) {
      if (pipe) pipe.close();
    }
  }

  void finish_if_over() {
    if (!exit || output.pipe.is_open() || errors.pipe.is_open() || !fn) return;
    input().close();
    tell();
  }

  void fail(const Error& error) {
    failure = error;
    tell();
  }

  void tell() {
    timer.clear();
    timer = {};
    auto told = std::exchange(fn, {});
    if (!told) return;
    ProcessOutput captured{exit.value_or(ExitStatus{}), std::move(output.text),
                           std::move(errors.text)};
    told(std::move(captured), failure);
  }

  struct Abandon {
    void operator()(Process::State* state) const noexcept { state->abandon(); }
  };

  RunOptions options;
  std::chrono::milliseconds timeout{};
  Timeout timer;
  Told fn;
  std::unique_ptr<Process::State, Abandon> child;
  Capture output;
  Capture errors;
  std::optional<ExitStatus> exit;
  std::optional<Error> failure;
};

}  // namespace

void run_process(std::string file, std::vector<std::string> args, RunOptions options,
                 Callback<ProcessOutput> fn, CreationSite site) {
  auto told = [fn = std::move(fn)](ProcessOutput captured,
                                   const std::optional<Error>& failure) mutable {
    failure ? fn(*failure) : fn(std::move(captured));
  };
  std::make_shared<Run>(std::move(file), std::move(options), std::move(told), site)->start(args);
}

Promise<ProcessOutput> run_process(std::string file, std::vector<std::string> args,
                                   RunOptions options, std::stop_token stop, CreationSite site) {
  const std::string subject = file;
  return detail::promised<ProcessOutput>(
      {std::move(stop), site, "run_process", subject},
      [&](detail::Settle<ProcessOutput> settle) -> detail::Cancellable* {
        auto told = [resolver = std::move(settle.resolver)](
                        ProcessOutput captured, const std::optional<Error>& failure) mutable {
          if (!failure) return resolver.resolve(std::move(captured));
          resolver.reject(
              ProcessError(*failure, std::move(captured.output), std::move(captured.errors)));
        };
        auto run =
            std::make_shared<Run>(std::move(file), std::move(options), std::move(told), site);
        run->start(args);
        return run.get();
      });
}

}  // namespace contrail::inline v0
