#include "hooks/trace_recorder.h"

#include <algorithm>
#include <utility>

#include "contrail/event_time.h"
#include "contrail/execution.h"

namespace contrail::inline v0::hooks {
namespace {

constexpr TraceTime longest_in_buffer = 1'000'000'000;  // One second.
constexpr std::size_t types_max = 1000;
constexpr std::size_t sites_max = 4000;

}  // namespace

TraceRecorder::TraceRecorder(TraceSink& sink, const TraceOptions& options, Clock::time_point start)
    : sink_(sink), options_(options), start_(start), types_(types_max), sites_(sites_max) {
  flush();
  sink_.throw_if_failed();
}

void TraceRecorder::resume() {
  ++period_;
  if (execution_async_id() > root_async_id) before(execution_async_id());
}

void TraceRecorder::pause() {
  if (finished_) return;
  end_all();
  flush();
}

void TraceRecorder::init(const ResourceInfo& made, std::uint64_t request,
                         std::string_view details) {
  if (finished_) return;
  const bool in_root = running_.empty() && execution_async_id() == root_async_id;
  if (in_root && root_.begin == never && take(1)) {
    root_.begin = now();
    root_.run = now();
  }
  if (take(2)) {  // One for its end.
    Resource resource{shown(made), origin_of(made)};
    resource.shown.request = request;
    sink_.resource_begins(now(), resource.shown, {made.details.as<Timeout::Details>(), details});
    const Number number = resources_.add(resource);
    notes_.emplace({number, period_});
  }
  if (in_root) root_.latest = now();
  flush_if_due();
}

void TraceRecorder::before(AsyncId id) {
  if (finished_) return;
  leave_root();
  Resource* resource = noted(notes_.get());
  Running running{{}, never, caused_.size(), false, false};
  if (resource) {
    running.shown = resource->shown;
  } else {  // Older than the trace.
    const ResourceInfo current = execution_async_resource();
    const bool known = current.async_id == id && !current.type.empty();
    running.shown = shown(known ? current : ResourceInfo{.async_id = id, .type = "resource"});
  }
  running.is_caused = arrow_fits(resource);
  running.recorded = take(running.is_caused ? 3 : 1);
  running.begin = now();
  if (running.recorded && running.is_caused) sink_.arrow(resource->origin, now(), id);
  if (running.recorded && resource) resource->run = now();
  running_.push_back(running);
  flush_if_due();
}

void TraceRecorder::after(AsyncId id) {
  const auto is_it = [id](const Running& running) { return running.shown.id == id; };
  if (finished_ || std::none_of(running_.begin(), running_.end(), is_it)) return;
  while (running_.back().shown.id != id) end_innermost();
  end_innermost();
  flush_if_due();
}

void TraceRecorder::destroy() {
  const Noted* const note = notes_.get();
  const Resource* const resource = noted(note);
  if (!resource) return;
  sink_.resource_ends(now(), resource->shown);
  resources_.remove(note->number);
  flush_if_due();
}

void TraceRecorder::promise_resolve() {
  const Resource* const resource = noted(notes_.get());
  if (!resource || !take(1)) return;
  sink_.resource_resolves(now(), resource->shown);
  flush_if_due();
}

void TraceRecorder::finish() {
  if (std::exchange(finished_, true)) return;
  end_all();
  flush(true);
}

void TraceRecorder::end_all() {
  leave_root();
  while (!running_.empty()) end_innermost();
  std::vector<TracedResource> alive;
  resources_.each([&](const Resource& resource) { alive.push_back(resource.shown); });
  std::sort(alive.begin(), alive.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  for (const TracedResource& resource : alive) {
    sink_.resource_ends(now(), resource);
    flush_if_due();
  }
  resources_ = {};
  ++period_;
}

TraceTime TraceRecorder::now() {
  const auto time = options_.full_precision ? precise_event_time() : event_time();
  const std::chrono::nanoseconds elapsed = time - start_;
  return latest_ = std::max<TraceTime>(elapsed.count(), latest_ + 1);
}

/// Makes room for so many events; once there was none, there is none for anybody.
bool TraceRecorder::take(std::uint64_t events) {
  if (!full_ && events <= options_.max_events - taken_) {
    taken_ += events;
    return true;
  }
  if (!std::exchange(full_, true)) sink_.full(now());
  dropped_ += events;
  return false;
}

TraceRecorder::Resource* TraceRecorder::noted(const Noted* note) {
  return note && note->period == period_ && !finished_ ? &resources_[note->number] : nullptr;
}

/// A moment in the callback from which the arrow to a new resource starts, or never.
TraceTime TraceRecorder::origin_of(const ResourceInfo& made) {
  const AsyncId trigger = made.trigger_async_id;
  if (!running_.empty() && running_.back().shown.id == trigger) return origin_here(made.async_id);
  if (trigger == root_async_id && root_.begin != never) return origin_here(made.async_id);
  const Resource* const cause = noted(notes_.of_trigger());
  if (cause && cause->run != never) {
    if (arrows_ < options_.arrows_max) sink_.causes(now(), cause->shown, made.async_id);
    return cause->run;
  }
  // In this trace it never ran: then from where it was caused, or else from where this is made.
  const TraceTime here = origin_here(made.async_id);
  if (trigger == root_async_id && root_.run != never) return root_.run;
  return cause && cause->origin != never ? cause->origin : here;
}

/// From what is running, if anything that is in the trace is.
TraceTime TraceRecorder::origin_here(AsyncId made) {
  const bool inside = running_.empty() ? root_.begin != never : running_.back().recorded;
  if (!inside) return never;
  if (arrows_ + caused_.size() < options_.arrows_max) caused_.push_back(made);
  return now();
}

/// Whether an arrow leads to the callback that is about to run: to the first one only.
bool TraceRecorder::arrow_fits(const Resource* resource) {
  if (!resource || resource->run != never || resource->origin == never) return false;
  const bool fits = arrows_ < options_.arrows_max;
  ++(fits ? arrows_ : dropped_arrows_);
  return fits;
}

TracedResource TraceRecorder::shown(const ResourceInfo& made) {
  return {made.async_id, made.trigger_async_id, type_of(made.type), site_of(made.site), 0, 0};
}

void TraceRecorder::leave_root() {
  if (root_.begin == never) return;
  sink_.root(std::exchange(root_.begin, never), root_.latest, caused_);
  caused_.clear();
}

void TraceRecorder::end_innermost() {
  const Running ended = running_.back();
  running_.pop_back();
  if (ended.recorded) {
    const auto caused = std::span<const AsyncId>(caused_).subspan(ended.first_caused);
    sink_.callback(ended.begin, now(), {ended.shown, ended.is_caused, caused});
  }
  caused_.resize(ended.first_caused);
}

std::uint32_t TraceRecorder::type_of(std::string_view name) {
  const std::uint32_t type = types_.of({.type = name});
  if (types_announced_ < types_.size()) sink_.new_type(types_announced_++, name);
  return type;
}

std::uint32_t TraceRecorder::site_of(CreationSite site) {
  if (!site) return TraceSink::no_site;
  constexpr std::string_view any_type = "";
  const std::uint32_t number = sites_.of({.type = any_type, .site = site});
  if (sites_announced_ < sites_.size()) {
    sink_.new_site(sites_announced_++, site.file(), site.line());
  }
  return number;
}

void TraceRecorder::flush_if_due() {
  if (sink_.buffered_bytes() >= options_.buffer_bytes || latest_ - flushed_ > longest_in_buffer) {
    flush();
  }
}

void TraceRecorder::flush(bool is_last) {
  flushed_ = latest_;
  sink_.flush({options_.max_events, dropped_, dropped_arrows_}, is_last);
}

}  // namespace contrail::inline v0::hooks
