#include "contrail/thread_pool.h"

#include <atomic>

#include "contrail/cancellation.h"
#include "src/async/context_loan.h"
#include "src/loop/request.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

using std::chrono::steady_clock;

constexpr ResourceType work_type{resource_types::work.name, &AnyRef::tag_of<WorkDetails>};

/// The process's, as the pool is.
struct Counts {
  /// Both in one word, since they change together: what is running, above what is queued.
  static constexpr std::uint64_t one_queued = 1;
  static constexpr std::uint64_t one_running = std::uint64_t{1} << 32;

  std::atomic<std::uint64_t> queued_and_running = 0;
  std::atomic<std::int64_t> last_wait = 0;  ///< In nanoseconds.

  void add(std::uint64_t change) noexcept {
    queued_and_running.fetch_add(change, std::memory_order_relaxed);
  }
};
constinit Counts counts;

struct WorkRequest final : RequestState<uv_work_t> {
  WorkRequest(std::unique_ptr<Work> given, WorkOptions options, std::stop_token token,
              CreationSite site)
      : work(std::move(given)),
        loop(&loop_state()),
        stop(std::move(token)),
        resource(make_resource(options.type, site)),
        context(resource.context_frame()) {}

  const AsyncResource* about() const noexcept override { return &resource; }
  static WorkRequest& of(uv_work_t* request) {
    return static_cast<WorkRequest&>(*static_cast<RequestState<uv_work_t>*>(request->data));
  }
  /// The usual kind need not be looked up.
  AsyncResource make_resource(std::string_view type, CreationSite site) {
    if (type.data() == work_type.name.data()) return {work_type, AnyRef::to(details), site};
    return {type, {.details = AnyRef::to(details)}, site};
  }
  Error canceled() const { return Error(UV_ECANCELED, "queue_work", std::string(resource.type())); }

  void start_on_pool() noexcept;
  void run_on_pool() noexcept;
  void finish();

  std::unique_ptr<Work> work;
  LoopState* loop;
  std::stop_token stop;
  std::optional<OnStop> on_stop;
  const steady_clock::time_point queued_at = steady_clock::now();
  const bool timed = hot.any_hook;  ///< Somebody may want to know how long it takes.
  WorkDetails measured;             ///< By the worker, so not yet for hooks.
  bool started = false;
  std::exception_ptr error;
  WorkDetails details;
  AsyncResource resource;
  ContextLoan context;
};

void WorkRequest::start_on_pool() noexcept {
  if (stop.stop_requested()) return;
  started = true;
  measured.waited = steady_clock::now() - queued_at;
  counts.last_wait.store(measured.waited.count(), std::memory_order_relaxed);
  counts.add(Counts::one_running - Counts::one_queued);
  run_on_pool();
  if (timed) measured.worked = steady_clock::now() - queued_at - measured.waited;
  counts.add(-Counts::one_running);
}

void WorkRequest::run_on_pool() noexcept {
  BorrowedContext borrowed(context);
  hot.runs_pool_job = true;
  error = catch_from([this] { work->run(); });
  hot.runs_pool_job = false;
}

void WorkRequest::finish() {
  on_stop.reset();  // Waits for a thread that is in it.
  if (started) {
    if (timed) details = measured;
  } else {
    counts.add(-Counts::one_queued);
    error = std::make_exception_ptr(canceled());
  }
  run_callback(resource, [this] {
    if (error) {
      work->failed(std::move(error));
    } else {
      work->done();
    }
  });
}

}  // namespace

Cancellable* queue(std::unique_ptr<Work> work, WorkOptions options, std::stop_token stop,
                   CreationSite site) {
  auto self = std::make_unique<WorkRequest>(std::move(work), options, std::move(stop), site);
  WorkRequest& request = *self;
  counts.add(Counts::one_queued);
  // It fails only for lack of a callback.
  WorkRequest::submit(self, [](uv_work_t* submitted) {
    return uv_queue_work(
        loop_state().uv, submitted, [](uv_work_t* job) { WorkRequest::of(job).start_on_pool(); },
        [](uv_work_t* job, int) { WorkRequest::take<WorkRequest>(job)->finish(); });
  });
  if (request.stop.stop_possible()) {
    request.on_stop.emplace(request.stop, [&request] { request.cancel(); });
  }
  return &request;
}

Error error_of_work(std::exception_ptr error) {
  try {
    std::rethrow_exception(error);
  } catch (const Error& known) {
    return known;
  } catch (const std::bad_alloc&) {
    return Error(UV_ENOMEM, "queue_work");
  } catch (...) {
    return Error(UV_UNKNOWN, "queue_work", describe(error));
  }
}

}  // namespace detail

ThreadPoolStatus thread_pool_status() noexcept {
  using namespace detail;
  const std::uint64_t now = counts.queued_and_running.load(std::memory_order_relaxed);
  return {now % Counts::one_running, now / Counts::one_running,
          std::chrono::nanoseconds(counts.last_wait.load(std::memory_order_relaxed))};
}

}  // namespace contrail::inline v0
