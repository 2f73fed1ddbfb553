#include "contrail/hooks/chrome_trace.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "contrail/async_hook.h"
#include "contrail/timers.h"
#include "hooks/json_text.h"
#include "hooks/trace_recorder.h"

namespace contrail::inline v0::hooks {

namespace {

using namespace std::chrono_literals;

/// A recorder that std::exit() may finish from another thread.
struct GuardedRecorder {
  template <class... Args>
  explicit GuardedRecorder(Args&&... args) : recorder(std::forward<Args>(args)...) {}

  template <class F>
  void use(F&& fn) {
    std::lock_guard lock(mutex);
    fn(recorder);
  }

  std::mutex mutex;
  TraceRecorder recorder;
};

/// A signal handler that should not have called std::exit() may have interrupted whoever holds the
/// mutex. The file is valid as it is: rather leave it so than wait for ever.
std::unique_lock<std::mutex> lock_patiently(std::mutex& mutex) {
  std::unique_lock lock(mutex, std::try_to_lock);
  for (auto waited = 0ms; !lock && waited < 1s; waited += 1ms) {
    std::this_thread::sleep_for(1ms);
    (void)lock.try_lock();
  }
  return lock;
}

/// Those that std::exit() is to finish: their owners' destructors are not going to run.
class OpenTraces {
 public:
  static OpenTraces& instance() {
    static auto* traces = new OpenTraces;  // Outlives all statics.
    return *traces;
  }

  void add(GuardedRecorder* trace) {
    std::lock_guard lock(mutex_);
    traces_.push_back(trace);
  }
  void remove(GuardedRecorder* trace) {
    std::lock_guard lock(mutex_);
    std::erase(traces_, trace);
  }

 private:
  OpenTraces() {
    std::atexit([] { instance().finish_all(); });
  }

  void finish_all() {
    const std::unique_lock lock = lock_patiently(mutex_);
    if (!lock) return;
    for (GuardedRecorder* trace : traces_) {
      const std::unique_lock trace_lock = lock_patiently(trace->mutex);
      if (trace_lock) trace->recorder.finish();
    }
  }

  std::mutex mutex_;
  std::vector<GuardedRecorder*> traces_;
};

}  // namespace

struct ChromeTrace::State : std::enable_shared_from_this<ChromeTrace::State> {
  State(const std::filesystem::path& path, ChromeTraceOptions options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  HookCallbacks callbacks(bool track_promises);
  std::string arguments_of(const ResourceInfo& made);

  Function<std::string(const ResourceInfo&)> describe;
  GuardedRecorder trace;
  AsyncHook hook;
};

ChromeTrace::State::State(const std::filesystem::path& path, ChromeTraceOptions options)
    : describe(std::move(options.describe)),
      trace(path, TraceLimits{options.max_events, options.buffer_bytes}, options.process_name,
            options.thread_name),
      hook(callbacks(options.track_promises)) {
  hook.enable();
  OpenTraces::instance().add(&trace);
}

ChromeTrace::State::~State() {
  OpenTraces::instance().remove(&trace);
  trace.use([](TraceRecorder& to) { to.finish(); });
}

HookCallbacks ChromeTrace::State::callbacks(bool track_promises) {
  HookCallbacks callbacks{
      .init =
          [this](const ResourceInfo& made) {
            // describe() may end the trace.
            const auto keep = describe ? shared_from_this() : nullptr;
            const std::string arguments = arguments_of(made);
            trace.use([&](TraceRecorder& to) { to.init(made, arguments); });
          },
      .before = [this](AsyncId id) { trace.use([id](TraceRecorder& to) { to.before(id); }); },
      .after = [this](AsyncId id) { trace.use([id](TraceRecorder& to) { to.after(id); }); },
      .destroy = [this](AsyncId id) { trace.use([id](TraceRecorder& to) { to.destroy(id); }); },
      .track_promises = track_promises,
  };
  if (track_promises) {
    callbacks.promise_resolve = [this](AsyncId id) {
      trace.use([id](TraceRecorder& to) { to.promise_resolve(id); });
    };
  }
  return callbacks;
}

std::string ChromeTrace::State::arguments_of(const ResourceInfo& made) {
  std::string json;
  if (const auto* timer = made.details.as<Timeout::Details>()) {
    json = fmt::format(R"(,"delay_ms":{},"repeat":{})", timer->delay.count(), timer->repeat);
  }
  if (describe) {
    const std::string details = describe(made);
    if (!details.empty()) json += R"(,"details":)" + json_string(details);
  }
  return json;
}

ChromeTrace::ChromeTrace(const std::filesystem::path& file, ChromeTraceOptions options)
    : state_(std::make_shared<State>(file, std::move(options))) {}

ChromeTrace::ChromeTrace(ChromeTrace&&) noexcept = default;
ChromeTrace& ChromeTrace::operator=(ChromeTrace&&) noexcept = default;
ChromeTrace::~ChromeTrace() = default;

void ChromeTrace::close() {
  if (!state_) return;  // Moved from.
  state_->hook.disable();
  state_->trace.use([](TraceRecorder& recorder) {
    recorder.finish();
    recorder.file().throw_if_failed();
  });
}

std::uint64_t ChromeTrace::dropped_events() const noexcept {
  return state_ ? state_->trace.recorder.dropped() : 0;
}

}  // namespace contrail::inline v0::hooks
