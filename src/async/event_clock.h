#pragma once

#include <cstdint>

namespace contrail::inline v0::detail {

/// The steady clock in nanoseconds, by the processor's time stamp counter where that is good for
/// it: a third of the price. Never goes backwards. Of one thread. Source has read_ticks(),
/// read_clock() and ticks_are_steady().
template <class Source>
class TickClock {
 public:
  std::int64_t now() noexcept {
    if (known_ != Pace::known) [[unlikely]]
      return start();
    const std::uint64_t ticks = Source::read_ticks();
    const std::uint64_t passed = ticks - base_ticks_;
    if (passed > ticks_between_) [[unlikely]]  // Also if it went backwards.
      return adjust(ticks);
    return base_time_ + elapsed(passed);
  }

 private:
  enum class Pace : std::uint8_t { unknown, measuring, known, unusable };
  __extension__ using Wide = unsigned __int128;

  static constexpr std::int64_t second = 1'000'000'000;
  static constexpr std::int64_t measured_for = second / 100;  ///< Off by 10 ppm at most.
  static constexpr std::int64_t adjusted_every = second / 10;

  /// Nanoseconds a tick, times 2^32.
  static std::uint64_t pace_of(std::int64_t time, std::uint64_t ticks) noexcept {
    return static_cast<std::uint64_t>((static_cast<Wide>(time) << 32) / ticks);
  }
  /// Of at most ticks_between_: no more than fits.
  std::int64_t elapsed(std::uint64_t ticks) const noexcept {
    return static_cast<std::int64_t>(ticks * pace_ >> 32);
  }
  std::int64_t advance_to(std::int64_t time) noexcept {
    return latest_ = time > latest_ ? time : latest_;
  }

  /// Until the pace is known.
  std::int64_t start() noexcept {
    const std::int64_t time = advance_to(Source::read_clock());
    if (known_ == Pace::unusable) return time;
    const std::uint64_t ticks = Source::read_ticks();
    if (known_ == Pace::unknown) {
      known_ = Source::ticks_are_steady() ? Pace::measuring : Pace::unusable;
      first_ticks_ = ticks;
      first_time_ = time;
    } else if (time - first_time_ >= measured_for) {
      ticks > first_ticks_ ? go(ticks, time) : void(known_ = Pace::unusable);
    }
    return time;
  }

  void go(std::uint64_t ticks, std::int64_t time) noexcept {
    const std::uint64_t passed = ticks - first_ticks_;
    base_ticks_ = ticks;
    base_time_ = time;
    pace_ = pace_of(time - first_time_, passed);
    ticks_between_ = static_cast<std::uint64_t>(Wide{passed} * static_cast<Wide>(adjusted_every) /
                                                static_cast<Wide>(time - first_time_));
    known_ = Pace::known;
  }

  std::int64_t adjust(std::uint64_t ticks) noexcept {
    const std::int64_t time = Source::read_clock();
    // The latest that it can have said.
    const std::int64_t said = base_time_ + elapsed(ticks_between_);
    const bool backwards = ticks - base_ticks_ > ~std::uint64_t{0} / 2;
    if (backwards || ticks <= first_ticks_ || time <= first_time_) {
      latest_ = said;  // A machine was put to sleep, or moved.
      known_ = Pace::unusable;
      return advance_to(time);
    }
    pace_ = pace_of(time - first_time_, ticks - first_ticks_);
    base_ticks_ = ticks;
    base_time_ = time > said ? time : said;
    // Ahead of the system's: on from there, slower, until they meet.
    const std::int64_t until_next = elapsed(ticks_between_);
    const std::int64_t ahead = base_time_ - time;
    pace_ = ahead < until_next / 2 ? pace_ - pace_of(ahead, ticks_between_) : pace_ / 2;
    return base_time_;
  }

  // Since the last adjustment: time = base_time_ + (ticks - base_ticks_) * pace_ / 2^32.
  std::uint64_t base_ticks_ = 0;
  std::int64_t base_time_ = 0;
  std::uint64_t pace_ = 0;
  std::uint64_t ticks_between_ = 0;  ///< Adjustments.
  // The pace is measured from the first reading on.
  std::uint64_t first_ticks_ = 0;
  std::int64_t first_time_ = 0;
  std::int64_t latest_ = 0;
  Pace known_ = Pace::unknown;
};

struct SystemTicks {
  static std::uint64_t read_ticks() noexcept;
  static std::int64_t read_clock() noexcept;
  static bool ticks_are_steady() noexcept;
};

extern template class TickClock<SystemTicks>;
using EventClock = TickClock<SystemTicks>;

}  // namespace contrail::inline v0::detail
