#include "test/conformance/suite/generator/names.h"

#include <algorithm>
#include <iterator>

namespace contrail::conformance::generator {

std::string Names::publish(std::string name) {
  near_.push_back(name);
  return name;
}

std::string Names::define() {
  const std::optional<std::string> old = random_.chance(0.08) ? use() : std::nullopt;
  return old && !open_.contains(*old) ? *old : publish(fresh());
}

std::optional<std::string> Names::use() {
  if (random_.chance(0.015)) return prefix_ + "None";
  if (!far_.empty() && random_.chance(0.06)) return random_.pick(far_);
  if (near_.empty()) return std::nullopt;
  if (!random_.chance(0.6)) return random_.pick(near_);
  constexpr std::size_t recent_count = 4;
  const auto recent = static_cast<std::ptrdiff_t>(std::min(near_.size(), recent_count));
  return random_.pick(std::vector<std::string>(near_.end() - recent, near_.end()));
}

void Names::leave_deferred() {
  const auto start = near_.begin() + static_cast<std::ptrdiff_t>(outer_.back());
  outer_.pop_back();
  far_.insert(far_.end(), std::make_move_iterator(start), std::make_move_iterator(near_.end()));
  near_.erase(start, near_.end());
}

}  // namespace contrail::conformance::generator
