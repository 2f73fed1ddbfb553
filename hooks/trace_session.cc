#include "hooks/trace_session.h"

#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

namespace contrail::inline v0::hooks {
namespace {

using namespace std::chrono_literals;

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

}  // namespace

/// Those that std::exit() is to finish: their owners' destructors are not going to run.
class TraceSession::OpenSessions {
 public:
  static OpenSessions& instance() {
    static auto* sessions = new OpenSessions;  // Outlives all statics.
    return *sessions;
  }

  void add(TraceSession* session) {
    std::lock_guard lock(mutex_);
    sessions_.push_back(session);
  }
  void remove(TraceSession* session) {
    std::lock_guard lock(mutex_);
    std::erase(sessions_, session);
  }

 private:
  OpenSessions() {
    std::atexit([] { instance().finish_all(); });
  }

  void finish_all() {
    const std::unique_lock lock = lock_patiently(mutex_);
    if (!lock) return;
    for (TraceSession* session : sessions_) {
      const std::unique_lock its_lock = lock_patiently(session->mutex_);
      if (its_lock) session->recorder_.finish();
    }
  }

  std::mutex mutex_;
  std::vector<TraceSession*> sessions_;
};

TraceSession::TraceSession(std::unique_ptr<TraceSink> sink, const TraceOrigin& origin,
                           TraceOptions options)
    : options_(std::move(options)),
      sink_(std::move(sink)),
      recorder_(*sink_, options_, origin.start),
      hook_(callbacks()) {
  enable();
  OpenSessions::instance().add(this);
}

TraceSession::~TraceSession() {
  OpenSessions::instance().remove(this);
  use([](TraceRecorder& to) { to.finish(); });
}

void TraceSession::enable() {
  if (hook_.enabled()) return;
  hook_.enable();
  use([](TraceRecorder& to) { to.resume(); });
}

void TraceSession::disable() {
  if (!hook_.enabled()) return;
  hook_.disable();
  use([](TraceRecorder& to) { to.pause(); });
}

void TraceSession::close() {
  hook_.disable();
  use([this](TraceRecorder& to) {
    to.finish();
    sink_->throw_if_failed();
  });
}

HookCallbacks TraceSession::callbacks() {
  HookCallbacks callbacks{
      .init = [this](const ResourceInfo& made) { init(made); },
      .before = [this](AsyncId id) { use([id](TraceRecorder& to) { to.before(id); }); },
      .after = [this](AsyncId id) { use([id](TraceRecorder& to) { to.after(id); }); },
      .destroy = [this](AsyncId) { use([](TraceRecorder& to) { to.destroy(); }); },
      .track_promises = options_.track_promises,
      .only_sampled = options_.only_sampled,
  };
  if (options_.track_promises) {
    callbacks.promise_resolve = [this](AsyncId) {
      use([](TraceRecorder& to) { to.promise_resolve(); });
    };
  }
  return callbacks;
}

void TraceSession::init(const ResourceInfo& made) {
  // What the user has given us may end the trace.
  const auto keep = options_.describe || options_.request ? shared_from_this() : nullptr;
  const std::uint64_t request = options_.request ? options_.request() : 0;
  const std::string details = options_.describe ? options_.describe(made) : std::string();
  use([&](TraceRecorder& to) { to.init(made, request, details); });
}

}  // namespace contrail::inline v0::hooks
