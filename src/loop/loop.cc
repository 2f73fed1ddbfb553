#include "contrail/loop.h"

#include <fmt/core.h>

#include <system_error>

#include "contrail/error.h"
#include "src/async/overflow.h"
#include "src/loop/callback_scope.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

void require(int status, const char* call) {
  if (status < 0) throw Error(status, call);
}

void on_check(uv_check_t* handle) {
  auto& loop = *static_cast<LoopState*>(handle->data);
  if (hot.tearing_down) return;
  {
    CallbackScope scope;
    loop.destroys.flush();
  }
  loop.immediates.run();
}

void on_wake(uv_async_t* handle) { static_cast<LoopState*>(handle->data)->run_posted(); }

}  // namespace

LoopState::LoopState(Loop& its_owner, uv_loop_t* adopted)
    : owner(its_owner), uv(adopted ? adopted : &own) {
  if (hot.environment) die("contrail: this thread already has a Loop");
  if (!adopted) require(uv_loop_init(uv), "uv_loop_init");
  if (int status = uv_async_init(uv, &wake, on_wake); status < 0) {
    if (!adopted) uv_loop_close(uv);
    throw Error(status, "uv_async_init");
  }
  uv_check_init(uv, &check);
  wake.data = check.data = this;
  uv_check_start(&check, on_check);
  uv_unref(reinterpret_cast<uv_handle_t*>(&wake));
  uv_unref(reinterpret_cast<uv_handle_t*>(&check));
  timers.open();
  immediates.open();

  // The context may be older than the Loop.
  hot = HotLine{.frame = hot.frame, .frame_is_fresh = hot.frame_is_fresh};
  hot.environment = this;
  hot.execution_id = root_async_id;
  hot.watched = 0;
}

LoopState::~LoopState() {
  if (depth > 0 || running) die("contrail: a Loop was destroyed from inside one of its callbacks");
  if (thread != std::this_thread::get_id()) {
    die("contrail: a Loop was destroyed on a thread other than its own");
  }
  tear_down();
  destroys.flush();
  companions.clear();
  hooks.disable_all();
  if (uv == &own) uv_loop_close(uv);
  forget_empty_frame();
  hot = HotLine{.frame = hot.frame, .frame_is_fresh = hot.frame_is_fresh};
}

void LoopState::tear_down() {
  hot.tearing_down = true;
  hot.execution_id = hot.trigger_id = no_async_id;
  uncaught_handler = nullptr;
  rejections.handler = nullptr;
  thrown.clear();
  // Dropping one thing may make another: a destructor starts a timer, a broken promise has a
  // reaction. Until there is nothing.
  bool anything = true;
  while (anything) {
    anything = tasks.drop();
    anything |= timers.drop();
    anything |= immediates.drop();
    rejections.clear();
    std::vector<Function<void()>> undone;
    {
      std::lock_guard lock(posted_mutex);
      undone.swap(posted);
    }
    anything |= !undone.empty();
    undone.clear();
    if (!open.empty()) {
      anything = true;
      open.end_all();
      uv_run(uv, UV_RUN_ONCE);
    }
  }
  timers.close();
  immediates.close();
  int closing = 2;
  for (auto* handle : {reinterpret_cast<uv_handle_t*>(&check),
                       reinterpret_cast<uv_handle_t*>(&wake)}) {
    handle->data = &closing;
    uv_close(handle, [](uv_handle_t* closed) { --*static_cast<int*>(closed->data); });
  }
  while (closing > 0) uv_run(uv, UV_RUN_NOWAIT);
}

void LoopState::queue_internal_microtask(void (*fn)(Environment&)) {
  struct Internal : Job, Pooled {
    explicit Internal(void (*function)(Environment&))
        : Job(
              [](Job* job) noexcept {
                static_cast<Internal*>(job)->fn(environment());
                delete static_cast<Internal*>(job);
              },
              [](Job* job) noexcept { delete static_cast<Internal*>(job); }),
          fn(function) {}
    void (*fn)(Environment&);
  };
  tasks.add_job(new Internal(fn));
}

void LoopState::uncaught(std::exception_ptr error, ExceptionOrigin origin) noexcept {
  if (hot.tearing_down) return;
  auto handler = uncaught_handler;
  if (!handler) return keep_for_run(std::move(error));
  if (auto thrown_by_handler = catch_from([&] { (*handler)(std::move(error), origin); })) {
    return keep_for_run(std::move(thrown_by_handler));
  }
  // As in Node: the next turn is not empty, so what the exception left in the queues gets run.
  immediates.add([] {});
}

void LoopState::keep_for_run(std::exception_ptr error) noexcept {
  thrown.push_back(std::move(error));
  uv_stop(uv);
}

void LoopState::rethrow_uncaught() {
  if (thrown.empty()) return;
  std::exception_ptr first = std::move(thrown.front());
  thrown.pop_front();
  std::rethrow_exception(std::move(first));
}

void LoopState::flush_destroys() {
  if (destroys.empty()) return;
  CallbackScope scope;
  destroys.flush();
}

void LoopState::run_posted() {
  std::vector<Function<void()>> due;
  {
    std::lock_guard lock(posted_mutex);
    due.swap(posted);
  }
  for (auto& fn : due) {
    CallbackScope scope;
    scope.call([&] { fn(); });
    fn = nullptr;
  }
}

bool LoopState::turn(uv_run_mode mode) {
  {
    CallbackScope scope;  // Drains what was queued since the last turn.
  }
  if (!thrown.empty()) return true;
  const bool alive = uv_run(uv, mode) != 0;
  return alive || immediates.pending() || !tasks.empty();
}

void LoopState::hold() noexcept {
  if (holds++ == 0) uv_ref(reinterpret_cast<uv_handle_t*>(&wake));
}

void LoopState::let_go() noexcept {
  if (--holds == 0) uv_unref(reinterpret_cast<uv_handle_t*>(&wake));
}

namespace {

/// Those who come along with every Loop. Never destroyed: statics may still make Loops.
struct Companions {
  std::mutex mutex;
  std::vector<std::shared_ptr<void> (*)(Loop&)> makers;
};
Companions& companions() {
  static auto* instance = new Companions;
  return *instance;
}

/// Marks the loop as running, and refuses what would corrupt it.
class Running {
 public:
  explicit Running(LoopState& loop) : loop_(loop) {
    if (hot.environment != &loop) {
      die("contrail: a Loop was used on a thread other than the one that created it");
    }
    if (loop.running || loop.depth > 0) {
      die("contrail: Loop::run was called from inside one of its callbacks");
    }
    loop.running = true;
  }
  Running(const Running&) = delete;
  ~Running() { loop_.running = false; }

 private:
  LoopState& loop_;
};

}  // namespace
}  // namespace detail

Loop::Loop() : Loop(nullptr) {}
Loop::Loop(uv_loop_s* adopted) : state_(std::make_unique<detail::LoopState>(*this, adopted)) {
  std::lock_guard lock(detail::companions().mutex);
  for (auto make : detail::companions().makers) state_->companions.push_back(make(*this));
}
Loop::~Loop() = default;

Loop& Loop::current() noexcept { return detail::loop_state().owner; }

void Loop::run() {
  detail::LoopState& loop = *state_;
  detail::Running running(loop);
  loop.rethrow_uncaught();
  bool more;
  do {
    more = loop.turn(UV_RUN_DEFAULT);
    const bool stopped = std::exchange(loop.stop_requested, false);
    if (stopped || !loop.thrown.empty()) break;
    loop.run_posted();
    if (!more) {
      loop.flush_destroys();
      more = loop.turn(UV_RUN_NOWAIT);
    }
  } while (more && loop.thrown.empty());
  loop.rethrow_uncaught();
}

bool Loop::run_once() {
  detail::Running running(*state_);
  state_->rethrow_uncaught();
  const bool more = state_->turn(UV_RUN_ONCE);
  state_->stop_requested = false;
  state_->rethrow_uncaught();
  return more;
}

bool Loop::run_nowait() {
  detail::Running running(*state_);
  state_->rethrow_uncaught();
  const bool more = state_->turn(UV_RUN_NOWAIT);
  state_->stop_requested = false;
  state_->rethrow_uncaught();
  return more;
}

void Loop::stop() noexcept {
  state_->stop_requested = true;
  uv_stop(state_->uv);
}

std::chrono::milliseconds Loop::now() const noexcept { return state_->timers.cached_now(); }

void Loop::on_uncaught_exception(
    Function<void(std::exception_ptr, ExceptionOrigin)> handler) {
  using Handler = Function<void(std::exception_ptr, ExceptionOrigin)>;
  state_->uncaught_handler = handler ? std::make_shared<Handler>(std::move(handler)) : nullptr;
}

void Loop::on_unhandled_rejection(Function<void(std::exception_ptr, AsyncId)> handler) {
  using Handler = Function<void(std::exception_ptr, AsyncId)>;
  state_->rejections.handler = handler ? std::make_shared<Handler>(std::move(handler)) : nullptr;
}

void Loop::set_unhandled_rejections(UnhandledRejections policy) noexcept {
  state_->rejections.policy = policy;
}

void Loop::post(Function<void()> fn) {
  std::lock_guard lock(state_->posted_mutex);
  state_->posted.push_back(std::move(fn));
  uv_async_send(&state_->wake);
}

void Loop::add_companion(std::shared_ptr<void> (*make)(Loop&)) {
  std::lock_guard lock(detail::companions().mutex);
  detail::companions().makers.push_back(make);
}

Loop::KeepAlive Loop::keep_alive() { return KeepAlive(state_.get()); }

Loop::KeepAlive::KeepAlive(detail::LoopState* state) noexcept : state_(state) { state_->hold(); }
Loop::KeepAlive::~KeepAlive() {
  if (state_ && detail::hot.environment == state_) state_->let_go();
}

uv_loop_s* Loop::native() noexcept { return state_->uv; }

}  // namespace contrail::inline v0
