#include "contrail/worker.h"

#include <pthread.h>
#include <uv.h>

#include <system_error>
#include <thread>

#include "contrail/async_resource.h"
#include "contrail/detail/wait_queue.h"
#include "contrail/microtask.h"
#include "src/loop/handle.h"

namespace contrail::inline v0 {
namespace {

inline constexpr ResourceType worker_type{resource_types::worker.name,
                                          &AnyRef::tag_of<Worker::Details>};

/// Of the Worker that this thread is.
constinit thread_local const std::stop_source* stop_of_thread = nullptr;

void set_thread_name(const std::string& name) noexcept {
  constexpr std::size_t shown_max = 15;
  if (!name.empty()) pthread_setname_np(pthread_self(), name.substr(0, shown_max).c_str());
}

}  // namespace

/// The thread, from its start until it is joined, and how its Loop hears of its end.
struct Worker::State final : detail::HandleState {
  State(WorkerOptions options, Function<void(Loop&)> its_main);

  const char* name() const noexcept override { return "Worker"; }
  const AsyncResource* about() const noexcept override { return &resource; }
  void start();
  void stop_and_join() noexcept;
  void set_wanted(bool on) noexcept;
  Promise<> exited(std::stop_token stop, CreationSite site);

  uv_async_t handle{};
  std::stop_source stop;
  Function<void(std::exception_ptr)> on_exit;
  bool ended = false;        ///< And that was told.
  std::exception_ptr error;  ///< Set by the thread before its end.
  Worker::Details details;
  AsyncResource resource;

 private:
  void run_on_thread() noexcept;
  void run_loop();
  void on_end();
  void tell();
  void closed() noexcept override;
  void end() noexcept override;

  Function<void(Loop&)> main_;
  std::thread thread_;
  int turns_to_wait_ = 2;
  detail::WaitQueue<void> waiting_;
};

Worker::State::State(WorkerOptions options, Function<void(Loop&)> its_main)
    : details{std::move(options.name)},
      resource(worker_type, AnyRef::to(details), options.site),
      main_(std::move(its_main)) {
  if (details.name.find('\0') != std::string::npos) {
    throw Error(UV_EINVAL, "worker", details.name.substr(0, details.name.find('\0')));
  }
  const int status = uv_async_init(loop().uv, &handle, [](uv_async_t* woken) {
    static_cast<State*>(static_cast<HandleState*>(woken->data))->on_end();
  });
  if (status < 0) throw Error(status, "uv_async_init");
  opened(&handle);
}

void Worker::State::start() {
  try {
    thread_ = std::thread([this] { run_on_thread(); });
  } catch (const std::system_error& failure) {
    throw Error(-failure.code().value(), "worker", details.name);
  }
  details.running = true;
}

void Worker::State::run_on_thread() noexcept {
  set_thread_name(details.name);
  stop_of_thread = &stop;
  error = detail::catch_from([this] { run_loop(); });
  uv_async_send(&handle);  // From here on this may be gone as soon as the thread is joined.
}

void Worker::State::run_loop() {
  const std::stop_token token = stop.get_token();
  auto main = std::move(main_);  // Coroutines that end with the Loop may use what it has captured.
  Loop its_loop;
  const std::stop_callback on_stop(token,
                                   [&its_loop] { its_loop.post([] { Loop::current().stop(); }); });
  if (token.stop_requested()) return;
  try {
    main(its_loop);
    if (!token.stop_requested()) its_loop.run();  // It may have been stopped in there.
  } catch (const Exit&) {
    // It is over.
  }
}

/// The thread has ended, or is about to. What it had posted before to ports of this Loop may be
/// delivered later in this turn, or in the next: these have to come first.
void Worker::State::on_end() {
  if (turns_to_wait_-- > 0) return static_cast<void>(uv_async_send(&handle));
  thread_.join();
  ended = true;
  detail::run_callback(resource, [this] { tell(); });
  if (is_open()) close();
}

void Worker::State::tell() {
  auto fn = std::exchange(on_exit, {});
  const std::exception_ptr failure = error;
  const bool awaited = !waiting_.empty();
  while (!waiting_.empty()) {
    Resolver<> waiter = waiting_.take_first();
    failure ? waiter.reject(failure) : waiter.resolve();
  }
  if (fn) return fn(failure);
  if (failure && !awaited) std::rethrow_exception(failure);
}

void Worker::State::stop_and_join() noexcept {
  if (!thread_.joinable()) return;
  stop.request_stop();
  thread_.join();
}

void Worker::State::set_wanted(bool on) noexcept {
  set_ref(on);
  details.has_ref = on && is_open();
}

Promise<> Worker::State::exited(std::stop_token stop, CreationSite site) {
  if (ended) return error ? Promise<>::reject(error, site) : Promise<>::resolve({}, site);
  return waiting_.wait({std::move(stop), site, "wait", details.name});
}

/// Told here is who waits for the end of a Worker that has gone.
void Worker::State::closed() noexcept {
  details.running = details.has_ref = false;
  const bool heard = on_exit || !waiting_.empty();
  if (!ended && (heard || error)) detail::run_callback(resource, [this] { tell(); });
  ended = true;
  on_exit = nullptr;
  resource.emit_destroy();
  resource.release_context();
}

void Worker::State::end() noexcept {
  stop_and_join();
  close();
}

void Worker::LetGo::operator()(State* state) const noexcept {
  if (state->is_open()) state->check_thread();
  state->on_exit = nullptr;  // As said: it is not called then.
  state->stop_and_join();
  state->let_go();
}

std::unique_ptr<Worker::State, Worker::LetGo> Worker::start(WorkerOptions options,
                                                            Function<void(Loop&)> main) {
  std::unique_ptr<State, LetGo> state(new State(std::move(options), std::move(main)));
  state->start();
  return state;
}

Worker::State& Worker::state() const noexcept {
  if (!state_) detail::die_moved_from("Worker");
  if (state_->is_open()) state_->check_thread();
  return *state_;
}

Promise<> Worker::exited(std::stop_token stop, CreationSite site) {
  return state().exited(std::move(stop), site);
}
void Worker::on_exit(Function<void(std::exception_ptr)> fn) {
  if (!state().ended) {
    state().on_exit = std::move(fn);
  } else {
    next_tick([fn = std::move(fn), error = state().error]() mutable { fn(std::move(error)); });
  }
}

void Worker::terminate() noexcept { state().stop.request_stop(); }
std::stop_token Worker::stop_token() noexcept {
  return stop_of_thread ? stop_of_thread->get_token() : std::stop_token();
}

void Worker::ref() noexcept { state().set_wanted(true); }
void Worker::unref() noexcept { state().set_wanted(false); }
bool Worker::has_ref() const noexcept { return state().details.has_ref; }
const std::string& Worker::name() const noexcept { return state().details.name; }
AsyncId Worker::async_id() const noexcept { return state().resource.async_id(); }

}  // namespace contrail::inline v0
