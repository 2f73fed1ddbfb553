#include "contrail/process.h"

#include <algorithm>

#include "contrail/microtask.h"
#include "src/io/process_state.h"

namespace contrail::inline v0 {
namespace {

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

bool has_nul(const std::vector<std::string>& texts) {
  return std::any_of(texts.begin(), texts.end(), [](const auto& text) { return has_nul(text); });
}

bool can_be_passed(const std::string& file, const std::vector<std::string>& args,
                   const ProcessOptions& options) {
  if (has_nul(file) || has_nul(args) || has_nul(options.cwd)) return false;
  if (options.env && has_nul(*options.env)) return false;
  return !options.shell || args.empty();
}

/// As execve() wants them. They are the caller's; nobody writes to them.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

unsigned flags_of(const ProcessOptions& options) {
  unsigned flags = 0;
  if (options.uid) flags |= UV_PROCESS_SETUID;
  if (options.gid) flags |= UV_PROCESS_SETGID;
  if (options.detached) flags |= UV_PROCESS_DETACHED;
  return flags;
}

}  // namespace

/// The child's side of one of its standard streams, which it reads if it is the first.
uv_stdio_container_t Process::State::stream(ChildStdio kind, std::size_t number) {
  uv_stdio_container_t container{};
  container.flags = kind == ChildStdio::inherit ? UV_INHERIT_FD : UV_IGNORE;
  container.data.fd = static_cast<int>(number);
  if (kind != ChildStdio::pipe) return container;
  auto* ours = new detail::PipeState(details.file, resource.creation_site());
  pipes[number] = new_pipe(detail::StreamHandle(ours));
  const int direction = number == 0 ? UV_READABLE_PIPE : UV_WRITABLE_PIPE;
  container.flags = static_cast<uv_stdio_flags>(UV_CREATE_PIPE | direction);
  container.data.stream = ours->stream();
  return container;
}

int Process::State::start(const std::vector<std::string>& args, const ProcessOptions& options) {
  if (!can_be_passed(details.file, args, options)) return UV_EINVAL;
  std::array<uv_stdio_container_t, 3> streams{stream(options.standard_input, 0),
                                              stream(options.standard_output, 1),
                                              stream(options.standard_error, 2)};
  std::vector<std::string> all{details.file};
  if (options.shell) all = {"/bin/sh", "-c", details.file};
  all.insert(all.end(), args.begin(), args.end());
  std::vector<char*> argv = pointers_to(all);
  std::vector<char*> env;
  if (options.env) env = pointers_to(*options.env);
  uv_process_options_t native{};
  native.exit_cb = [](uv_process_t* ended, std::int64_t code, int signal) {
    owner_of<State>(ended->data).on_end(code, signal);
  };
  native.file = all[0].c_str();
  native.args = argv.data();
  native.env = options.env ? env.data() : nullptr;
  native.cwd = options.cwd.empty() ? nullptr : options.cwd.c_str();
  native.flags = flags_of(options);
  native.uid = options.uid.value_or(0);
  native.gid = options.gid.value_or(0);
  native.stdio_count = static_cast<int>(streams.size());
  native.stdio = streams.data();
  const int status = uv_spawn(loop().uv, &process, &native);
  opened(&process);
  if (status < 0) return status;
  running_ = true;
  details.pid = process.pid;
  start_timer(options);
  return 0;
}

void Process::State::start_timer(const ProcessOptions& options) {
  if (options.timeout <= std::chrono::milliseconds::zero()) return;
  auto end = [this, signal = options.kill_signal] { kill(signal); };
  const auto delay = std::min(options.timeout, detail::longest_delay);
  timer_ = set_timeout(std::move(end), delay, resource.creation_site());
}

void Process::State::on_end(std::int64_t code, int signal) {
  running_ = false;
  status = ExitStatus{static_cast<int>(code), signal};
  timer_.clear();
  close();  // As in Node before anybody hears; it is over later.
  detail::run_callback(resource, [this] {
    waiters_.settle_all(*status);
    if (auto fn = std::exchange(on_exit, {})) fn(*status);
  });
}

Promise<ExitStatus> Process::State::exited(std::stop_token stop, CreationSite site) {
  if (status) return Promise<ExitStatus>::resolve(*status, site);
  awaited_ = true;
  return waiters_.wait({std::move(stop), site, "wait", details.file});
}

bool Process::State::kill(int signal) {
  if (!running_ || !is_open()) return false;
  check_thread();
  const int result = uv_process_kill(&process, signal);
  if (result < 0 && result != UV_ESRCH) throw error(result, "kill");
  return result == 0;
}

void Process::State::abandon() noexcept {
  if (!running_ || !is_open()) return let_go();
  check_thread();
  abandoned_ = true;
  pipes = {};
  if (!awaited_ && !on_exit) set_ref(false);
}

void Process::State::closed() noexcept {
  detail::CallbackScope scope;
  running_ = false;
  timer_.clear();
  timer_ = {};
  on_exit = nullptr;
  if (auto fn = std::exchange(on_lost, {}); fn && !status) scope.call(resource, fn);
  waiters_.fail_all(error(UV_ECANCELED, "wait"));
  resource.emit_destroy();
  resource.release_context();
  if (abandoned_) let_go();
}

void Process::LetGo::operator()(State* state) const noexcept { state->abandon(); }

Process::State& Process::state() const { return detail::in_use(state_.get(), "Process"); }

Process Process::spawn(std::string file, std::vector<std::string> args,
                       const ProcessOptions& options, CreationSite site) {
  Process child(new State(std::move(file), site));
  const int status = child.state_->start(args, options);
  if (status < 0) throw child.state_->error(status, "spawn");
  return child;
}

Promise<ExitStatus> Process::exited(std::stop_token stop, CreationSite site) {
  return state().exited(std::move(stop), site);
}
void Process::on_exit(Function<void(ExitStatus)> fn) {
  if (!state().status) {
    state().on_exit = std::move(fn);
  } else {
    next_tick([fn = std::move(fn), status = *state().status]() mutable { fn(status); });
  }
}

bool Process::kill(int signal) { return state().kill(signal); }
int Process::pid() const { return state().details.pid; }
Pipe& Process::standard_input() { return state().pipes[0]; }
Pipe& Process::standard_output() { return state().pipes[1]; }
Pipe& Process::standard_error() { return state().pipes[2]; }
AsyncId Process::async_id() const noexcept {
  return state_ ? state_->resource.async_id() : no_async_id;
}

}  // namespace contrail::inline v0
