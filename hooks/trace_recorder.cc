#include "hooks/trace_recorder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "contrail/execution.h"
#include "hooks/json_text.h"

namespace contrail::inline v0::hooks {
namespace {

constexpr TraceTime longest_in_buffer = 1'000'000'000;  // One second.

}  // namespace

TraceRecorder::TraceRecorder(const std::filesystem::path& path, TraceLimits limits,
                             std::string_view process_name, std::string_view thread_name)
    : file_(path), events_(file_, process_name, thread_name), limits_(limits) {
  flush();
  file_.throw_if_failed();
  if (execution_async_id() > root_async_id) before(execution_async_id());  // It is running already.
}

void TraceRecorder::init(const ResourceInfo& made, std::string_view more_arguments) {
  if (finished_) return;
  const bool in_root = running_.empty() && execution_async_id() == root_async_id;
  if (in_root && root_.begin == never && take(1)) {
    root_.begin = now();
    root_.run = now();
  }
  if (take(2)) {  // One for its end.
    const Resource resource{type_name(made.type), made.trigger_async_id,
                            origin_of(made.trigger_async_id)};
    resources_.insert_or_assign(made.async_id, resource);
    events_.resource_begins(now(), made.async_id, made.trigger_async_id, *resource.type,
                            more_arguments);
  }
  if (in_root) root_.latest = now();
  flush_if_due();
}

void TraceRecorder::before(AsyncId id) {
  if (finished_) return;
  leave_root();
  Resource* resource = find(id);
  Running running{id, no_async_id, nullptr, never, false};
  if (resource) {
    running.type = resource->type;
    running.trigger = resource->trigger;
  } else {  // Older than the trace.
    const ResourceInfo current = execution_async_resource();
    const bool known = current.async_id == id && !current.type.empty();
    running.type = type_name(known ? current.type : "resource");
    running.trigger = known ? current.trigger_async_id : no_async_id;
  }
  const bool arrow = resource && resource->run == never && resource->origin != never;
  running.recorded = take(arrow ? 3 : 1);
  running.begin = now();
  if (running.recorded && arrow) events_.arrow(resource->origin, now(), id);
  if (running.recorded && resource) resource->run = now();
  running_.push_back(running);
  flush_if_due();
}

void TraceRecorder::after(AsyncId id) {
  const auto is_it = [id](const Running& running) { return running.id == id; };
  if (finished_ || std::none_of(running_.begin(), running_.end(), is_it)) return;
  while (running_.back().id != id) end_innermost();
  end_innermost();
  flush_if_due();
}

void TraceRecorder::destroy(AsyncId id) {
  const Resource* resource = finished_ ? nullptr : find(id);
  if (!resource) return;
  events_.resource_ends(now(), id, *resource->type);
  resources_.erase(id);
  flush_if_due();
}

void TraceRecorder::promise_resolve(AsyncId id) {
  const Resource* resource = finished_ ? nullptr : find(id);
  if (!resource || !take(1)) return;
  events_.resource_resolves(now(), id, *resource->type);
  flush_if_due();
}

void TraceRecorder::finish() {
  if (std::exchange(finished_, true)) return;
  leave_root();
  while (!running_.empty()) end_innermost();
  std::vector<std::pair<AsyncId, const std::string*>> alive;
  for (const auto& [id, resource] : resources_) alive.emplace_back(id, resource.type);
  std::sort(alive.begin(), alive.end());
  for (const auto& [id, type] : alive) {
    events_.resource_ends(now(), id, *type);
    flush_if_due();
  }
  resources_.clear();
  flush();
}

TraceTime TraceRecorder::now() {
  const std::chrono::nanoseconds elapsed = Clock::now() - start_;
  return latest_ = std::max<TraceTime>(elapsed.count(), latest_ + 1);
}

/// Makes room for so many events; once there was none, there is none for anybody.
bool TraceRecorder::take(std::uint64_t events) {
  if (!full_ && events <= limits_.max_events - taken_) {
    taken_ += events;
    return true;
  }
  if (!std::exchange(full_, true)) events_.full(now());
  dropped_ += events;
  return false;
}

TraceRecorder::Resource* TraceRecorder::find(AsyncId id) {
  const auto found = resources_.find(id);
  return found == resources_.end() ? nullptr : &found->second;
}

/// A moment in the callback from which the arrow to a new resource starts, or never.
TraceTime TraceRecorder::origin_of(AsyncId trigger) {
  const bool inside = !running_.empty() && running_.back().recorded;
  if (inside && running_.back().id == trigger) return now();
  if (trigger == root_async_id && root_.run != never) return root_.run;
  if (const Resource* cause = find(trigger)) {
    const TraceTime at = cause->run != never ? cause->run : cause->origin;
    if (at != never) return at;
  }
  // In this trace it never ran, nor did what caused it: then from where the resource is made.
  return inside || root_.begin != never ? now() : never;
}

void TraceRecorder::leave_root() {
  if (root_.begin != never) events_.root(std::exchange(root_.begin, never), root_.latest);
}

void TraceRecorder::end_innermost() {
  const Running ended = running_.back();
  running_.pop_back();
  if (ended.recorded) events_.callback(ended.begin, now(), ended.id, ended.trigger, *ended.type);
}

const std::string* TraceRecorder::type_name(std::string_view type) {
  auto found = type_names_.find(type);
  if (found == type_names_.end()) found = type_names_.emplace(type, json_string(type)).first;
  return &found->second;
}

void TraceRecorder::flush_if_due() {
  if (file_.buffered_bytes() >= limits_.buffer_bytes || latest_ - flushed_ > longest_in_buffer) {
    flush();
  }
}

void TraceRecorder::flush() {
  flushed_ = latest_;
  const std::chrono::nanoseconds start = start_.time_since_epoch();
  file_.flush(fmt::format(
      R"({{"recorder":"contrail","monotonic_start_ns":{},"max_events":{},"dropped_events":{}}})",
      start.count(), limits_.max_events, dropped_));
}

}  // namespace contrail::inline v0::hooks
