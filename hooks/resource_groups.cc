#include "hooks/resource_groups.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace contrail::inline v0::hooks {

std::string ResourceGroup::description() const {
  return file.empty() ? type : fmt::format("{} at {}:{}", type, file, line);
}

ResourceGroups::ResourceGroups(std::size_t groups_max) : groups_max_(groups_max), slots_(64) {
  groups_.push_back({.type = "(unknown)", .file = {}});
}

std::uint32_t ResourceGroups::look_up(const ResourceInfo& made, const Key& key) {
  Slot* slot = place_for(key);
  if (slot->key == key) {
    turned_away_ += slot->group == none;
    return slot->group;
  }
  const std::uint32_t group = find_or_add(made);
  if (group == none) {
    ++turned_away_;
    // Remembered too, within reason: to look for it among all the others takes a microsecond.
    if (keys_ >= 8 * (groups_max_ + 64)) return none;
  }
  if (++keys_ * 2 > slots_.size()) {
    grow();
    slot = place_for(key);
  }
  *slot = {key, group};
  return group;
}

/// By text: code in a header has the same place in several libraries.
std::uint32_t ResourceGroups::find_or_add(const ResourceInfo& made) {
  if (groups_.size() > groups_max_) return none;
  const auto found = std::find_if(groups_.begin() + 1, groups_.end(), [&](const auto& group) {
    return group.line == made.site.line() && group.type == made.type &&
           group.file == made.site.file();
  });
  const auto group = static_cast<std::uint32_t>(found - groups_.begin());
  if (found == groups_.end()) {
    groups_.push_back({std::string(made.type), std::string(made.site.file()), made.site.line()});
  }
  return group;
}

void ResourceGroups::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.key.type) *place_for(slot.key) = slot;
  }
}

ResourceGroups::Slot* ResourceGroups::place_for(const Key& key) {
  std::size_t index = hash(key) & (slots_.size() - 1);
  while (slots_[index].key.type && slots_[index].key != key) {
    index = (index + 1) & (slots_.size() - 1);
  }
  return &slots_[index];
}

}  // namespace contrail::inline v0::hooks
