#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "contrail/hook_slot.h"
#include "contrail/hooks/trace.h"
#include "contrail/resource_info.h"
#include "hooks/numbered.h"
#include "hooks/resource_groups.h"
#include "hooks/trace_sink.h"

namespace contrail::inline v0::hooks {

/// Makes slices and arrows of what happens to resources. What it remembers is what is alive: the
/// resources that are in the trace, and the callbacks that are running.
class TraceRecorder {
 public:
  using Clock = std::chrono::steady_clock;

  /// Needs a Loop. The options must outlive it. Throws Error if the sink cannot write.
  TraceRecorder(TraceSink& sink, const TraceOptions& options, Clock::time_point start);

  /// Begins with what is running already.
  void resume();
  /// Ends whatever is open: of how that goes on, nothing is going to be heard.
  void pause();

  void init(const ResourceInfo& made, std::uint64_t request, std::string_view details);
  void before(AsyncId id);
  void after(AsyncId id);
  void destroy();
  void promise_resolve();

  /// Ends whatever is open and completes the trace. What comes later is ignored. On any thread.
  void finish();

  std::uint64_t dropped() const noexcept { return dropped_; }
  std::uint64_t dropped_arrows() const noexcept { return dropped_arrows_; }

 private:
  static constexpr TraceTime never = 0;

  /// A resource between its begin and its end.
  struct Resource {
    TracedResource shown;
    TraceTime origin;       ///< A moment in the callback that caused it, or never.
    TraceTime run = never;  ///< A moment in its own latest callback.
  };
  /// What is noted about a resource. It is gone with its period, which ends in pause().
  struct Noted {
    Number number;
    std::uint32_t period;
  };
  /// A callback that is running.
  struct Running {
    TracedResource shown;
    TraceTime begin;
    std::size_t first_caused;  ///< In caused_, from where on it is this one's or inner ones'.
    bool recorded;
    bool is_caused;
  };
  /// The code outside the loop: from the first to the last resource it makes between callbacks.
  struct Root {
    TraceTime begin = never;
    TraceTime latest = never;
    TraceTime run = never;  ///< Like Resource::run.
  };

  TraceTime now();
  bool take(std::uint64_t events);
  Resource* noted(const Noted* note);
  TraceTime origin_of(const ResourceInfo& made);
  TraceTime origin_here(AsyncId made);
  bool arrow_fits(const Resource* resource);
  TracedResource shown(const ResourceInfo& made);
  void leave_root();
  void end_innermost();
  void end_all();
  std::uint32_t type_of(std::string_view name);
  std::uint32_t site_of(CreationSite site);
  void flush(bool is_last = false);
  void flush_if_due();

  TraceSink& sink_;
  const TraceOptions& options_;
  const Clock::time_point start_;
  TraceTime latest_ = never;
  TraceTime flushed_ = never;
  std::uint64_t taken_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t arrows_ = 0;
  std::uint64_t dropped_arrows_ = 0;
  bool full_ = false;
  bool finished_ = false;
  ResourceGroups types_;
  ResourceGroups sites_;
  std::uint32_t types_announced_ = 1;
  std::uint32_t sites_announced_ = 1;
  HookSlot<Noted> notes_;
  std::uint32_t period_ = 0;
  Numbered<Resource> resources_;
  std::vector<Running> running_;  ///< Innermost last.
  std::vector<AsyncId> caused_;   ///< By what is running or by root, in its order.
  Root root_;
};

}  // namespace contrail::inline v0::hooks
