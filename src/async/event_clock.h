#pragma once

#include <cstdint>

namespace contrail::inline v0::detail {

/// The steady clock in nanoseconds, by the processor's time stamp counter where that is good for
/// it: a third of the price. Never goes backwards. Of one thread.
class EventClock {
 public:
  std::int64_t now() noexcept;

 private:
  enum class Pace : std::uint8_t { unknown, measuring, known, unusable };

  std::int64_t start() noexcept;
  std::int64_t adjust(std::uint64_t ticks) noexcept;
  std::int64_t advance_to(std::int64_t time) noexcept {
    return latest_ = time > latest_ ? time : latest_;
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

}  // namespace contrail::inline v0::detail
