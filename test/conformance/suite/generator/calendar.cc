#include "test/conformance/suite/generator/calendar.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

namespace contrail::conformance::generator {
namespace {

constexpr int last_deadline = 280;
constexpr const char* taken = "taken";

std::string owner_of(const Place& place, int delay) {
  return fmt::format("{}/{}", place.callback, delay);
}

}  // namespace

Calendar::Calendar(Random& random)
    : random_(random), has_unplanned_(random.chance(0.35)), step_(has_unplanned_ ? 40 : 20) {}

std::optional<int> Calendar::plan_delay(const Place& place, int count) {
  if (place.repeats) return std::nullopt;
  if (!place.moment) {
    if (count != 1 || !std::exchange(has_unplanned_, false)) return std::nullopt;
    return step_ / 2;
  }
  std::vector<int> delays;
  for (int delay = step_; delay <= 5 * step_; delay += step_) {
    if (is_free(place, delay, count, count == 1)) delays.push_back(delay);
  }
  if (delays.empty()) return std::nullopt;
  const int any = random_.integer(0, static_cast<int>(delays.size()) - 1);
  const int early = random_.integer(0, 3);
  const int delay = delays[static_cast<std::size_t>(std::min(any, early))];
  reserve(place, delay, count);
  return delay;
}

bool Calendar::plan_again(const Place& place, int delay, int count) {
  if (place.repeats || !place.moment || !is_free(place, delay, count, false)) return false;
  reserve(place, delay, std::max(count, 2));
  return true;
}

std::optional<Calendar::SelfRefresh> Calendar::plan_self_refresh(const Place& place) {
  const SelfRefresh plan = {.delay = 2 * step_, .stop = 5 * step_};
  if (place.repeats || !place.moment) return std::nullopt;
  if (!is_free(place, plan.delay, 2, false) || !is_free(place, plan.stop, 1, false)) {
    return std::nullopt;
  }
  reserve(place, plan.delay, 2);
  owners_[*place.moment + plan.stop] = taken;
  return plan;
}

bool Calendar::is_free(const Place& place, int delay, int count, bool may_share) const {
  for (int round = 1; round <= count; ++round) {
    const int deadline = *place.moment + round * delay;
    if (deadline > last_deadline) return false;
    const auto owner = owners_.find(deadline);
    if (owner == owners_.end()) continue;
    if (!may_share || owner->second != owner_of(place, delay)) return false;
  }
  return true;
}

void Calendar::reserve(const Place& place, int delay, int count) {
  for (int round = 1; round <= count; ++round) {
    owners_[*place.moment + round * delay] = count == 1 ? owner_of(place, delay) : taken;
  }
}

}  // namespace contrail::conformance::generator
