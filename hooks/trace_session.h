#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "contrail/async_hook.h"
#include "contrail/function.h"
#include "contrail/resource_info.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_recorder.h"
#include "hooks/trace_sink.h"

namespace contrail::inline v0::hooks {

struct TraceSessionOptions {
  TraceLimits limits;
  bool track_promises;
  bool only_sampled;
  Function<std::string(const ResourceInfo&)> describe;
  Function<std::uint64_t()> request;
};

/// A trace that is being recorded, or that was: std::exit() completes it, from any thread.
class TraceSession : public std::enable_shared_from_this<TraceSession> {
 public:
  /// Options as ChromeTrace and PerfettoTrace have them.
  template <class Options>
  static TraceSessionOptions from(Options& options) {
    return {.limits = {options.max_events, options.arrows_max, options.buffer_bytes,
                       options.full_precision},
            .track_promises = options.track_promises,
            .only_sampled = options.only_sampled,
            .describe = std::move(options.describe),
            .request = {}};
  }

  /// Begins to record. Throws Error if the sink cannot write.
  TraceSession(std::unique_ptr<TraceSink> sink, const TraceOrigin& origin,
               TraceSessionOptions options);
  TraceSession(const TraceSession&) = delete;
  TraceSession& operator=(const TraceSession&) = delete;
  ~TraceSession();

  void enable();
  void disable();
  /// Throws Error if something could not be written.
  void close();

  std::uint64_t dropped_events() const noexcept { return recorder_.dropped(); }
  std::uint64_t dropped_arrows() const noexcept { return recorder_.dropped_arrows(); }

 private:
  class OpenSessions;

  HookCallbacks callbacks();
  void init(const ResourceInfo& made);
  template <class F>
  void use(F&& fn) {
    std::lock_guard lock(mutex_);
    fn(recorder_);
  }

  TraceSessionOptions options_;
  std::unique_ptr<TraceSink> sink_;
  std::mutex mutex_;
  TraceRecorder recorder_;
  AsyncHook hook_;
};

}  // namespace contrail::inline v0::hooks
