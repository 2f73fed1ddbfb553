#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <span>
#include <unordered_map>
#include <vector>

#include "tools/contrail_trace/filter.h"
#include "tools/contrail_trace/recording.h"

namespace contrail::trace {

/// An event, with what is known of its resource from earlier ones.
struct Event {
  FlightEvent event;
  std::int64_t time;
  std::uint64_t id;
  std::uint64_t trigger;  ///< Of an init.
  std::uint64_t request;  ///< 0: none.
  std::uint32_t group;
  /// Its time, or a few nanoseconds later: no other event has it. Callbacks begin and end with
  /// theirs.
  std::int64_t moment;
};

/// From the callback in which a resource was made to its own first one.
enum class Arrow : std::uint8_t {
  none,  ///< It was made in none, or in one that the filter does not let through.
  kept,
  dropped  ///< There were too many.
};

/// A resource whose init is in the recording.
struct Life {
  std::int64_t made;
  std::uint64_t request;
  std::uint64_t trigger;
  std::uint32_t group;
  std::uint32_t mark = 0;  ///< For the report.
  Arrow arrow = Arrow::none;
  bool made_in_callback;
  bool has_run = false;
  bool gone = false;  ///< Still remembered, for the sake of those it caused.
  /// At the end: it belongs to what is asked for, and cannot have died unseen.
  bool is_live = false;
  std::uint32_t seen_in = 0;  ///< How often recording had been switched on until it was last seen.
};

/// A callback from its before to its after.
struct Callback {
  std::uint64_t id;
  std::uint64_t request;
  std::int64_t begin;
  std::int64_t end;           ///< If it did not end, until when it was known to run.
  std::int64_t begin_moment;  ///< See Event::moment.
  std::int64_t end_moment;
  std::uint32_t group;
  bool ended;
  bool running_at_end;
  /// Of the resource, if its init is in the recording.
  const Life* life;
  /// The same, if this is the first one of the resource.
  const Life* first_of;
  /// The resources that were made in it and have an arrow. Valid during the call.
  std::span<const std::uint64_t> caused;
};

/// What a recording comes to in the end.
struct Ending {
  const std::unordered_map<std::uint64_t, Life>& living;  ///< What has not been destroyed.
  std::uint64_t times_off;                                ///< That recording was switched off.
  std::int64_t began;                                     ///< The first event.
};

/// What a subcommand makes of a recording. Called with what the filter lets through, in order.
class Report {
 public:
  virtual ~Report() = default;
  /// `subject` is of the event's resource, `cause` of an init's trigger, if they are known; `depth`
  /// is how many callbacks are around it that are shown. Every init, and every destroy of a
  /// resource whose init is known, is told, whether or not it is `shown`.
  virtual void event(const Event& event, bool shown, Life* subject, const Life* cause,
                     std::size_t depth) = 0;
  virtual void callback(const Callback& callback) = 0;
  virtual void end(const Ending& ending) = 0;
};

/// Plays a recording to a report. What it remembers is what is alive, and what runs.
class Replay {
 public:
  /// More do not help anybody to see anything.
  static constexpr std::size_t arrows_max = 100'000;

  Replay(const Filter& filter, Report& report) : filter_(filter), report_(report) {}

  void next(const FlightRecord& record);
  void finish();
  /// Whether the filter has let anything through.
  bool has_shown() const noexcept { return has_shown_; }

 private:
  struct Running {
    std::uint64_t id;
    std::uint64_t request;
    std::int64_t begin;
    std::int64_t moment;
    std::uint32_t group;
    bool is_first;
    bool shown;
    const Life* life;
    std::size_t first_caused;  ///< In caused_, from where on it is this one's or inner ones'.
  };

  void init(const Event& event);
  void before(const Event& event);
  void after(Event event);
  void destroy(const Event& event);
  bool accepts(const Event& event) const;
  void switched(const Event& event);
  void tell(const Event& event, Life* subject, const Life* cause = nullptr);
  Arrow arrow_to(const Event& made);
  std::int64_t next_moment(std::int64_t time);
  Callback callback_of(const Running& running, std::int64_t end);
  void end_innermost(std::int64_t at, bool ended, bool running_at_end = false);
  void end_all(std::int64_t at, bool running_at_end);
  Life* find(std::uint64_t id);
  Life* see(std::uint64_t id);

  const Filter& filter_;
  Report& report_;
  std::unordered_map<std::uint64_t, Life> lives_;
  std::deque<std::uint64_t> gone_;  ///< A trigger may be gone when what it caused is made.
  std::vector<Running> running_;    ///< Innermost last.
  std::vector<std::uint64_t> caused_;
  std::size_t shown_running_ = 0;
  std::size_t arrows_ = 0;
  std::uint64_t times_off_ = 0;
  std::uint32_t times_on_ = 0;
  bool has_shown_ = false;
  std::uint64_t request_of_next_ = 0;
  std::uint64_t next_ = 0;
  std::int64_t began_ = std::numeric_limits<std::int64_t>::max();
  std::int64_t latest_ = 0;
  std::int64_t latest_moment_ = 0;
};

}  // namespace contrail::trace
