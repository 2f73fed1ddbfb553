#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <utility>

#include "contrail/async_hook.h"
#include "contrail/hooks/trace.h"
#include "contrail/resource_info.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_recorder.h"
#include "hooks/trace_sink.h"

namespace contrail::inline v0::hooks {

/// A trace that is being recorded, or that was: std::exit() completes it, from any thread.
class TraceSession : public std::enable_shared_from_this<TraceSession> {
 public:
  /// Begins to record the Loop of this thread. Throws Error if the file cannot be written.
  template <class Sink>
  static std::shared_ptr<TraceSession> begin(const std::filesystem::path& file,
                                             TraceOptions options) {
    const TraceOrigin origin = TraceOrigin::here(options.process_name, options.thread_name);
    auto sink = std::make_unique<Sink>(file, origin);
    return std::make_shared<TraceSession>(std::move(sink), origin, std::move(options));
  }
  TraceSession(std::unique_ptr<TraceSink> sink, const TraceOrigin& origin, TraceOptions options);
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

  TraceOptions options_;
  std::unique_ptr<TraceSink> sink_;
  std::mutex mutex_;
  TraceRecorder recorder_;
  AsyncHook hook_;
};

}  // namespace contrail::inline v0::hooks
