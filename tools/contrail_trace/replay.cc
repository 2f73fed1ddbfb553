#include "tools/contrail_trace/replay.h"

#include <algorithm>
#include <iterator>

namespace contrail::trace {
namespace {

constexpr std::size_t gone_max = 65536;
/// Deeper than any stack: what is there is damage.
constexpr std::size_t running_max = 1000;

}  // namespace

void Replay::next(const FlightRecord& record) {
  began_ = std::min(began_, record.time);
  latest_ = std::max(latest_, record.time);
  const bool made = record.event == FlightEvent::init;
  Event event{.event = record.event,
              .time = record.time,
              .id = record.id,
              .trigger = made ? record.other : 0,
              .request = made ? 0 : record.other,
              .group = record.group,
              .moment = 0};
  if (record.event == FlightEvent::request) {
    request_of_next_ = record.other;
    next_ = record.id;
    return;
  }
  if (record.event == FlightEvent::after) return after(event);
  event.moment = next_moment(record.time);
  switch (record.event) {
    case FlightEvent::init: return init(event);
    case FlightEvent::before: return before(event);
    case FlightEvent::destroy: return destroy(event);
    case FlightEvent::resolve: return tell(event, see(event.id));
    case FlightEvent::enabled:
    case FlightEvent::disabled: switched(event); break;
    default: break;
  }
  tell(event, nullptr);
}

/// What runs, or dies, while recording is off is not known.
void Replay::switched(const Event& event) {
  end_all(latest_, false);
  if (event.event == FlightEvent::disabled) ++times_off_;
  if (event.event == FlightEvent::enabled) ++times_on_;
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
            .arrow = arrow_to(event),
            .made_in_callback = !running_.empty(),
            .seen_in = times_on_};
  const Life* cause = found == lives_.end() ? nullptr : &found->second;
  Life& kept = lives_.insert_or_assign(event.id, life).first->second;
  tell(event, &kept, cause);  // Nodes of the map stay where they are.
}

void Replay::before(const Event& event) {
  Life* life = see(event.id);
  tell(event, life);
  if (running_.size() == running_max) {
    shown_running_ -= running_.front().shown;
    running_.erase(running_.begin());
  }
  const bool is_first = life && !life->has_run;
  if (life) life->has_run = true;
  const bool shown = accepts(event);
  shown_running_ += shown;
  running_.push_back({event.id, event.request, event.time, event.moment, event.group, is_first,
                      shown, life, caused_.size()});
}

void Replay::after(Event event) {
  // Recording may have begun in the middle of this callback.
  const auto from = std::find_if(running_.rbegin(), running_.rend(),
                                 [&](const Running& one) { return one.id == event.id; });
  if (from != running_.rend()) {
    const auto left = static_cast<std::size_t>(std::prev(running_.rend()) - from);
    while (running_.size() > left + 1) end_innermost(event.time, false);
    end_innermost(event.time, true);
    event.moment = latest_moment_;
  } else {
    event.moment = next_moment(event.time);
  }
  tell(event, see(event.id));
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
  const bool shown = accepts(event);
  has_shown_ |= shown;
  const bool ends = event.event == FlightEvent::destroy && subject;
  if (shown || ends || event.event == FlightEvent::init) {
    report_.event(event, shown, subject, cause, shown_running_);
  }
}

/// Only from callbacks of which it is certain by now that they are going to be shown.
Arrow Replay::arrow_to(const Event& made) {
  if (running_.empty()) return Arrow::none;
  const Running& in = running_.back();
  if (!filter_.accepts(made.time, made.time, in.request, in.group)) return Arrow::none;
  if (arrows_ == arrows_max) return Arrow::dropped;
  ++arrows_;
  caused_.push_back(made.id);
  return Arrow::kept;
}

/// The clock is read once for several events. A damaged time must not move all that come after it.
std::int64_t Replay::next_moment(std::int64_t time) {
  const std::int64_t next = latest_moment_ + 1;
  return latest_moment_ = time > filter_.known_until() ? next : std::max(time, next);
}

Callback Replay::callback_of(const Running& running, std::int64_t end) {
  return {.id = running.id,
          .request = running.request,
          .begin = running.begin,
          .end = std::max(running.begin, end),
          .begin_moment = running.moment,
          .end_moment = next_moment(end),
          .group = running.group,
          .ended = false,
          .running_at_end = false,
          .life = running.life,
          .first_of = running.is_first ? running.life : nullptr,
          .caused = std::span(caused_).subspan(running.first_caused)};
}

void Replay::end_innermost(std::int64_t at, bool ended, bool running_at_end) {
  Callback callback = callback_of(running_.back(), at);
  callback.ended = ended;
  callback.running_at_end = running_at_end;
  shown_running_ -= running_.back().shown;
  const std::size_t first_caused = running_.back().first_caused;
  running_.pop_back();
  if (filter_.accepts(callback.begin, callback.end, callback.request, callback.group)) {
    has_shown_ = true;
    report_.callback(callback);
  }
  caused_.resize(first_caused);
}

void Replay::end_all(std::int64_t at, bool running_at_end) {
  while (!running_.empty()) end_innermost(at, false, running_at_end);
}

Life* Replay::find(std::uint64_t id) {
  const auto found = lives_.find(id);
  return found == lives_.end() ? nullptr : &found->second;
}

/// The same, which is alive now.
Life* Replay::see(std::uint64_t id) {
  Life* life = find(id);
  if (life) life->seen_in = times_on_;
  return life;
}

bool Replay::accepts(const Event& event) const {
  return filter_.accepts(event.time, event.time, event.request, event.group);
}

void Replay::finish() {
  end_all(std::max(latest_, filter_.known_until()), true);
  std::erase_if(lives_, [](const auto& one) { return one.second.gone; });
  for (auto& [id, life] : lives_) {
    life.is_live =
        life.seen_in == times_on_ &&
        filter_.accepts(life.made, std::max(latest_, life.made), life.request, life.group);
  }
  report_.end({.living = lives_,
               .times_off = times_off_,
               .began = std::min(began_, filter_.known_until())});
}

}  // namespace contrail::trace
