#include "contrail/thread_pool.h"

#include <atomic>

#include "src/async/context_loan.h"
#include "src/loop/request.h"

namespace contrail::inline v0 {
namespace detail {
namespace {

using std::chrono::steady_clock;

/// The process's, as the pool is.
struct Counts {
  std::atomic<std::size_t> queued = 0;
  std::atomic<std::size_t> running = 0;
  std::atomic<std::int64_t> last_wait = 0;  ///< In nanoseconds.
};
constinit Counts counts;

struct WorkRequest final : RequestState<uv_work_t> {
  /// Asks libuv to forget it, which only the loop's thread may; a worker looks at the token.
  struct Cancel {
    WorkRequest& request;
    void operator()() const noexcept {
      if (hot.environment == request.loop) uv_cancel(reinterpret_cast<uv_req_t*>(&request.request));
    }
  };

  WorkRequest(std::unique_ptr<Work> given, WorkOptions options, std::stop_token token,
              CreationSite site)
      : work(std::move(given)),
        loop(&loop_state()),
        stop(std::move(token)),
        resource(options.type, {.details = AnyRef::to(details)}, site),
        context(resource.context_frame()) {}

  const AsyncResource* about() const noexcept override { return &resource; }
  static WorkRequest& of(uv_work_t* request) {
    return static_cast<WorkRequest&>(*static_cast<RequestState<uv_work_t>*>(request->data));
  }
  Error canceled() const { return Error(UV_ECANCELED, "queue_work", std::string(resource.type())); }

  void start_on_pool() noexcept;
  void run_on_pool() noexcept;
  void finish();

  std::unique_ptr<Work> work;
  LoopState* loop;
  std::stop_token stop;
  std::optional<std::stop_callback<Cancel>> on_stop;
  const steady_clock::time_point queued_at = steady_clock::now();
  WorkDetails measured;  ///< By the worker, so not yet for hooks.
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
  counts.queued.fetch_sub(1, std::memory_order_relaxed);
  counts.running.fetch_add(1, std::memory_order_relaxed);
  run_on_pool();
  measured.worked = steady_clock::now() - queued_at - measured.waited;
  counts.running.fetch_sub(1, std::memory_order_relaxed);
}

void WorkRequest::run_on_pool() noexcept {
  BorrowedContext borrowed(context);
  error = catch_from([this] { work->run(); });
}

void WorkRequest::finish() {
  on_stop.reset();  // Waits for a thread that is in it.
  if (started) {
    details = measured;
  } else {
    counts.queued.fetch_sub(1, std::memory_order_relaxed);
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
  counts.queued.fetch_add(1, std::memory_order_relaxed);
  // It fails only for lack of a callback.
  WorkRequest::submit(self, [](uv_work_t* submitted) {
    return uv_queue_work(
        loop_state().uv, submitted, [](uv_work_t* job) { WorkRequest::of(job).start_on_pool(); },
        [](uv_work_t* job, int) { WorkRequest::take<WorkRequest>(job)->finish(); });
  });
  if (request.stop.stop_possible()) {
    request.on_stop.emplace(request.stop, WorkRequest::Cancel{request});
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
  return {counts.queued.load(std::memory_order_relaxed),
          counts.running.load(std::memory_order_relaxed),
          std::chrono::nanoseconds(counts.last_wait.load(std::memory_order_relaxed))};
}

}  // namespace contrail::inline v0
