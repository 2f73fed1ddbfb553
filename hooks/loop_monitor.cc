#include "contrail/hooks/loop_monitor.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>

#include "contrail/async_hook.h"
#include "contrail/event_time.h"
#include "contrail/execution.h"
#include "contrail/hooks/context_fields.h"
#include "contrail/hooks/signal_text.h"
#include "contrail/loop.h"
#include "hooks/ancestry.h"
#include "hooks/loop_watchdog.h"

namespace contrail::inline v0::hooks {

namespace {

using Moment = std::int64_t;  ///< Nanoseconds of the steady clock; 0 is never.

constexpr std::size_t frames_most = 32;

Moment now() noexcept { return std::chrono::nanoseconds(event_time().time_since_epoch()).count(); }

std::string context_now() {
  std::string text;
  SignalText to(text);
  write_context_fields(to);
  to.flush();
  return text.empty() ? text : text.substr(1);
}

void write_context(SignalText& to, std::string_view context) {
  if (!context.empty()) to.text("context: ").text(context).text("\n");
}

}  // namespace

struct LoopMonitor::State : std::enable_shared_from_this<LoopMonitor::State> {
  explicit State(LoopMonitorOptions options);
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { disable(); }

  void enable();
  void disable();
  LoopUtilization utilization() const noexcept;

  Histogram lag;
  std::uint64_t slow_callbacks = 0;
  Moment idle = 0;    ///< Of what is over.
  Moment active = 0;  ///< Likewise.

 private:
  HookCallbacks callbacks();
  void before(AsyncId id);
  void after(AsyncId id);
  void phase(LoopPhase phase);
  void runs_again(Moment at);
  void pauses(Moment at);
  /// The last thing to do: whoever is told may end the monitor.
  void tell_slow(AsyncId id, Moment took);

  LoopMonitorOptions options_;
  std::shared_ptr<Ancestry> ancestry_;
  std::unique_ptr<LoopWatchdog> watchdog_;
  int depth_ = 0;     ///< Callbacks within callbacks, of those whose `before` was seen.
  Moment began_ = 0;  ///< The outermost.
  Moment runs_since_ = 0;
  Moment waits_since_ = 0;
  Moment in_turn_ = 0;  ///< What callbacks have taken since the turn began.
  AsyncHook hook_;
};

LoopMonitor::State::State(LoopMonitorOptions options)
    : options_(std::move(options)), hook_(callbacks()) {
  options_.threshold = std::max(options_.threshold, std::chrono::milliseconds(1));
  options_.frames_max = std::min(options_.frames_max, frames_most);
  enable();
}

HookCallbacks LoopMonitor::State::callbacks() {
  return {.before = [this](AsyncId id) { before(id); },
          .after = [this](AsyncId id) { after(id); },
          .loop_phase = [this](LoopPhase reached) { phase(reached); }};
}

void LoopMonitor::State::enable() {
  if (hook_.enabled()) return;
  if (options_.nodes_max > 0) ancestry_ = Ancestry::share(options_.nodes_max, true);
  if (options_.watchdog) {
    watchdog_ = std::make_unique<LoopWatchdog>(options_);
  }
  depth_ = 0;
  runs_since_ = waits_since_ = in_turn_ = 0;
  hook_.enable();
}

void LoopMonitor::State::disable() {
  hook_.disable();
  if (watchdog_ && !watchdog_->has_thread()) static_cast<void>(watchdog_.release());
  watchdog_.reset();
  ancestry_.reset();
  runs_since_ = waits_since_ = 0;
}

void LoopMonitor::State::before(AsyncId) {
  const Moment at = now();
  if (watchdog_ && runs_since_ != 0) watchdog_->progress(at);
  if (depth_++ == 0) began_ = at;
}

void LoopMonitor::State::after(AsyncId id) {
  if (depth_ == 0) return;  // Began before the monitor did.
  const Moment at = now();
  if (watchdog_ && runs_since_ != 0) watchdog_->progress(at);
  if (--depth_ > 0) return;
  const Moment took = at - began_;
  if (took >= std::chrono::nanoseconds(options_.threshold).count()) tell_slow(id, took);
}

void LoopMonitor::State::phase(LoopPhase reached) {
  const Moment at = now();
  switch (reached) {
    case LoopPhase::turn_begins: in_turn_ = 0; return runs_again(at);
    case LoopPhase::poll_begins:
      pauses(at);
      waits_since_ = at;
      return;
    case LoopPhase::poll_ends:
      if (waits_since_ != 0) idle += at - std::exchange(waits_since_, 0);
      return runs_again(at);
    case LoopPhase::turn_ends:
      if (runs_since_ == 0) return;  // The monitor began in this turn.
      pauses(at);
      return lag.record(static_cast<std::uint64_t>(in_turn_));
  }
}

void LoopMonitor::State::runs_again(Moment at) {
  depth_ = 0;
  runs_since_ = at;
  if (watchdog_) watchdog_->loop_wakes(at);
}

void LoopMonitor::State::pauses(Moment at) {
  if (watchdog_) watchdog_->loop_waits();
  if (runs_since_ == 0) return;
  const Moment ran = at - std::exchange(runs_since_, 0);
  in_turn_ += ran;
  active += ran;
}

void LoopMonitor::State::tell_slow(AsyncId id, Moment took) {
  const auto keep = shared_from_this();
  ++slow_callbacks;
  SlowCallback slow{std::chrono::nanoseconds(took), {}, context_now()};
  if (const Ancestry* recorded = Ancestry::here()) {
    slow.frames = recorded->frames(id, options_.frames_max);
  }
  if (slow.frames.empty()) slow.frames.push_back({.id = id});
  if (slow.frames.front().type.empty()) {  // Older than what is recorded.
    const ResourceInfo running = execution_async_resource();
    if (running.async_id == id) slow.frames.front().type = running.type;
    slow.frames.front().age = std::chrono::nanoseconds(-1);
  }
  if (options_.on_slow) return options_.on_slow(slow);
  const std::string text = to_text(slow);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

LoopUtilization LoopMonitor::State::utilization() const noexcept {
  const Moment at = std::chrono::nanoseconds(precise_event_time().time_since_epoch()).count();
  LoopUtilization all{std::chrono::nanoseconds(idle), std::chrono::nanoseconds(active)};
  if (runs_since_ != 0) all.active += std::chrono::nanoseconds(at - runs_since_);
  if (waits_since_ != 0) all.idle += std::chrono::nanoseconds(at - waits_since_);
  return all;
}

LoopMonitor::LoopMonitor(LoopMonitorOptions options)
    : state_(std::make_shared<State>(std::move(options))) {}

LoopMonitor::LoopMonitor(LoopMonitor&&) noexcept = default;
LoopMonitor& LoopMonitor::operator=(LoopMonitor&&) noexcept = default;

/// At once, also where on_slow ends the monitor while the state is still in use.
LoopMonitor::~LoopMonitor() {
  if (state_) state_->disable();
}

void LoopMonitor::enable() { state_->enable(); }
void LoopMonitor::disable() { state_->disable(); }
const Histogram& LoopMonitor::lag() const noexcept { return state_->lag; }
LoopUtilization LoopMonitor::utilization() const noexcept { return state_->utilization(); }
std::uint64_t LoopMonitor::slow_callbacks() const noexcept { return state_->slow_callbacks; }

void LoopMonitor::reset() noexcept {
  state_->lag.clear();
  state_->slow_callbacks = 0;
  // Of the stretch that is going on, what has passed so far is not counted.
  const LoopUtilization now = state_->utilization();
  state_->idle -= now.idle.count();
  state_->active -= now.active.count();
}

double LoopUtilization::utilization() const noexcept {
  const auto all = static_cast<double>((idle + active).count());
  return all > 0 ? static_cast<double>(active.count()) / all : 0;
}

std::string to_text(const SlowCallback& slow) {
  std::string text;
  SignalText to(text);
  to.text("contrail: the loop was blocked for ").duration(slow.took).text(" by\n");
  for (const AsyncFrame& frame : slow.frames) write(to, frame);
  write_context(to, slow.context);
  to.flush();
  return text;
}

std::string to_text(const StuckLoop& stuck) {
  std::string text;
  SignalText to(text);
  to.text("contrail: loop ").number(stuck.loop).text(" is stuck for ").duration(stuck.since);
  to.text(stuck.frames.empty() ? "\n" : " in\n");
  for (const AsyncFrame& frame : stuck.frames) write(to, frame);
  write_context(to, stuck.context);
  for (const std::string& function : stuck.native_stack) to.text("  ").text(function).text("\n");
  to.flush();
  return text;
}

}  // namespace contrail::inline v0::hooks
