#include "contrail/loop.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <system_error>

#include "contrail/error.h"
#include "src/async/shared_context.h"
#include "src/loop/callback_scope.h"
#include "src/loop/companions.h"
#include "src/loop/loop_state.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

void require(int status, const char* call) {
  if (status < 0) throw Error(status, call);
}

void on_check(uv_check_t* handle) { static_cast<LoopState*>(handle->data)->run_check_phase(); }

void on_wake(uv_async_t* handle) { static_cast<LoopState*>(handle->data)->run_posted(); }

std::uint32_t next_thread() noexcept {
  static std::atomic<std::uint32_t> last{0};
  return ++last;
}

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
  phases.open();
  on_shutdown.close();

  reset_hot_line();
  if (hot.thread == 0) hot.thread = next_thread();
  hot.environment = this;
  hot.execution_id = root_async_id;
  hot.watched = 0;
}

std::uint64_t LoopState::next_serial() noexcept {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

LoopState& LoopState::on_own_thread() noexcept {
  if (hot.environment != this) [[unlikely]] {
    die("contrail: a Loop was used on a thread other than the one that created it");
  }
  return *this;
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
  immediates.add([] {}, {});
  tasks.left_undone();
}

void LoopState::keep_for_run(std::exception_ptr error) noexcept {
  thrown.push_back(std::move(error));
  if (turning || uv != &own) uv_stop(uv);  // Beside uv_run it would cost the next turn.
}

void LoopState::rethrow_uncaught() {
  if (thrown.empty()) return;
  std::exception_ptr first = std::move(thrown.front());
  thrown.pop_front();
  std::rethrow_exception(std::move(first));
}

void LoopState::run_check_phase() {
  if (hot.tearing_down) return;
  take_back_contexts();
  if (!destroys.empty() || tasks.due()) {
    CallbackScope scope;
    destroys.flush();
  }
  immediates.run();
  phases.turn_ends();
  phases.follow_hooks();
}

void LoopState::flush_destroys() {
  if (destroys.empty()) return;
  CallbackScope scope;
  destroys.flush();
}

bool LoopState::run_posted() {
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
  return !due.empty();
}

bool LoopState::turn(uv_run_mode mode) {
  phases.follow_hooks();
  if (tasks.due()) {
    CallbackScope scope;  // Drains what was queued since the last turn.
  }
  if (!thrown.empty()) return true;
  turning = true;
  const bool alive = uv_run(uv, mode) != 0;
  turning = false;
  phases.turn_ends();  // libuv does not poll if nothing is open.
  if (alive || immediates.alive() || !tasks.empty()) return true;
  if (!shutdown || shutdown->over()) return false;
  shutdown->drained();
  return true;
}

void LoopState::hold(CreationSite site) {
  holds.push_back(site);
  uv_ref(reinterpret_cast<uv_handle_t*>(&wake));
}

void LoopState::let_go(CreationSite site) noexcept {
  // The latest usually goes first. Two of one place are the same.
  holds.erase(std::prev(std::find(holds.rbegin(), holds.rend(), site).base()));
  if (holds.empty()) uv_unref(reinterpret_cast<uv_handle_t*>(&wake));
}

namespace {

/// Marks the loop as running, and refuses what would corrupt it.
class Running {
 public:
  explicit Running(LoopState& loop) : loop_(loop) {
    loop.on_own_thread();
    if (loop.in_use()) {
      die("contrail: Loop::run was called from inside one of its callbacks or hooks");
    }
    loop.running = true;
    loop.hear_of_exit();
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
  for (auto make : detail::companions().all()) state_->companions.push_back(make(*this));
}
Loop::~Loop() {
  // std::exit() inside a callback destroys a Loop with static storage, which cannot be taken apart
  // then: the system does that.
  if (state_->in_use() && detail::process_exits()) static_cast<void>(state_.release());
}

detail::LoopState& Loop::state() const noexcept { return state_->on_own_thread(); }

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
    more |= loop.run_posted();
    if (!more) {
      loop.flush_destroys();
      const bool all_told = loop.destroys.empty();
      more = loop.turn(UV_RUN_NOWAIT);
      // What hooks made in destroy may have run just now, and ended.
      more |= all_told && !loop.destroys.empty();
    }
  } while (more && loop.thrown.empty());
  loop.rethrow_uncaught();
}

bool Loop::run_once() {
  detail::Running running(*state_);
  state_->rethrow_uncaught();
  // Ticks and microtasks that wait are work enough: only a loop without any waits for more.
  const bool more = state_->turn(state_->tasks.empty() ? UV_RUN_ONCE : UV_RUN_NOWAIT);
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
  state().stop_requested = true;
  uv_stop(state().uv);
}

std::chrono::milliseconds Loop::now() const noexcept { return state().timers.cached_now(); }

void Loop::on_uncaught_exception(Function<void(std::exception_ptr, ExceptionOrigin)> handler) {
  using Handler = Function<void(std::exception_ptr, ExceptionOrigin)>;
  state().uncaught_handler = handler ? std::make_shared<Handler>(std::move(handler)) : nullptr;
}

void Loop::on_unhandled_rejection(Function<void(std::exception_ptr, AsyncId)> handler) {
  using Handler = Function<void(std::exception_ptr, AsyncId)>;
  state().rejections.handler = handler ? std::make_shared<Handler>(std::move(handler)) : nullptr;
}

void Loop::set_unhandled_rejections(UnhandledRejections policy) noexcept {
  state().rejections.policy = policy;
}

void Loop::post(Function<void()> fn) {
  std::lock_guard lock(state_->posted_mutex);
  state_->posted.push_back(std::move(fn));
  uv_async_send(&state_->wake);
}

void Loop::add_companion(std::shared_ptr<void> (*make)(Loop&)) { detail::companions().add(make); }

Loop::KeepAlive Loop::keep_alive(CreationSite site) { return KeepAlive(state(), site); }

Loop::KeepAlive::KeepAlive(detail::LoopState& state, CreationSite site)
    : loop_(state.serial), site_(site) {
  state.hold(site);
}
Loop::KeepAlive::~KeepAlive() {
  if (loop_ == 0 || !detail::hot.environment) return;
  detail::LoopState& current = detail::loop_state();
  if (current.serial == loop_) current.let_go(site_);
}

void Loop::make_callback(const AsyncResource& resource, Function<void()> fn) {
  state();
  detail::run_callback(resource, [&] { fn(); });
}

std::uint64_t Loop::number() const noexcept { return state_->serial; }

uv_loop_s* Loop::native() noexcept { return state().uv; }

}  // namespace contrail::inline v0
