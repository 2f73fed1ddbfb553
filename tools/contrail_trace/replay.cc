#include "tools/contrail_trace/replay.h"

#include <algorithm>
#include <iterator>

namespace contrail::trace {
namespace {

constexpr std::size_t gone_max = 65536;
/// Deeper than any stack: what is there is damage.
constexpr std::size_t running_max = 100'000;

Callback callback_of(const auto& running, std::int64_t end, bool ended) {
  return {.id = running.id,
          .request = running.request,
          .begin = running.begin,
          .end = std::max(running.begin, end),
          .group = running.group,
          .ended = ended,
          .first_of = running.first_of};
}

}  // namespace

void Replay::next(const FlightRecord& record) {
  latest_ = std::max(latest_, record.time);
  const bool made = record.event == FlightEvent::init;
  Event event{
      record.event, record.time, record.id, made ? record.other : 0, made ? 0 : record.other,
      record.group};
  switch (record.event) {
    case FlightEvent::request:
      request_of_next_ = record.other;
      next_ = record.id;
      return;
    case FlightEvent::init: return init(event);
    case FlightEvent::before: return before(event);
    case FlightEvent::after: return after(event);
    case FlightEvent::destroy: return destroy(event);
    case FlightEvent::resolve: return tell(event, find(event.id));
    case FlightEvent::enabled:
    case FlightEvent::disabled: end_all(); break;
    case FlightEvent::poll_begins:
    case FlightEvent::poll_ends: break;
  }
  tell(event, nullptr);
}

void Replay::init(const Event& made) {
  Event event = made;
  if (next_ == event.id) event.request = request_of_next_;
  next_ = 0;
  const auto found = lives_.find(event.trigger);
  Life life{.made = event.time,
            .request = event.request,
            .trigger = event.trigger,
            .group = event.group,
            .made_in_callback = !running_.empty()};
  const Life* cause = found == lives_.end() ? nullptr : &found->second;
  Life& kept = lives_.insert_or_assign(event.id, life).first->second;
  tell(event, &kept, cause);  // Nodes of the map stay where they are.
}

void Replay::before(const Event& event) {
  Life* life = find(event.id);
  tell(event, life);
  if (running_.size() == running_max) running_.erase(running_.begin());
  const bool is_first = life && !life->has_run;
  if (life) life->has_run = true;
  running_.push_back({event.id, event.request, event.time, event.group, is_first ? life : nullptr});
}

void Replay::after(const Event& event) {
  // Recording may have begun in the middle of this callback.
  const auto from = std::find_if(running_.rbegin(), running_.rend(),
                                 [&](const Running& one) { return one.id == event.id; });
  if (from != running_.rend()) {
    const auto left = static_cast<std::size_t>(std::prev(running_.rend()) - from);
    while (running_.size() > left + 1) end_innermost(event.time, false);
    end_innermost(event.time, true);
  }
  tell(event, find(event.id));
}

void Replay::destroy(const Event& event) {
  Life* life = find(event.id);
  tell(event, life);
  if (!life || life->gone) return;
  life->gone = true;
  gone_.push_back(event.id);
  if (gone_.size() > gone_max) {
    const bool runs = std::any_of(running_.begin(), running_.end(),
                                  [&](const Running& one) { return one.id == gone_.front(); });
    if (!runs) lives_.erase(gone_.front());
    gone_.pop_front();
  }
}

void Replay::tell(const Event& event, Life* subject, const Life* cause) {
  const bool shown = filter_.accepts(event.time, event.time, event.request, event.group);
  if (shown || event.event == FlightEvent::init) {
    report_.event(event, shown, subject, cause, running_.size());
  }
}

void Replay::end_innermost(std::int64_t at, bool ended) {
  const Callback callback = callback_of(running_.back(), at, ended);
  running_.pop_back();
  if (filter_.accepts(callback.begin, callback.end, callback.request, callback.group)) {
    report_.callback(callback);
  }
}

void Replay::end_all() {
  while (!running_.empty()) end_innermost(latest_, false);
}

Life* Replay::find(std::uint64_t id) {
  const auto found = lives_.find(id);
  return found == lives_.end() ? nullptr : &found->second;
}

void Replay::finish() {
  end_all();
  std::erase_if(lives_, [](const auto& one) { return one.second.gone; });
  report_.end(lives_);
}

}  // namespace contrail::trace
