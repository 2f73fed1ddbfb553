#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "contrail/resource_info.h"

namespace contrail::inline v0::hooks {

/// Resources of one type that were made in one place of the source.
struct ResourceGroup {
  std::string type;
  std::string file;  ///< Empty if unknown.
  unsigned line = 0;

  /// "Timeout at src/app.cc:17", or only the type.
  std::string description() const;
};

/// Numbers the groups in the order in which they first appear. Group 0 is for the resources that
/// are in none: older than the tracer, or of a group that came when there were too many.
class ResourceGroups {
 public:
  static constexpr std::uint32_t none = 0;

  explicit ResourceGroups(std::size_t groups_max);

  /// The group of a resource; a new one costs an allocation, a known one a few nanoseconds,
  /// one that was turned away a few more.
  std::uint32_t of(const ResourceInfo& made) {
    const Key key{made.type.data(), made.site.word()};
    Slot& slot = slots_[hash(key) & (slots_.size() - 1)];
    return slot.key == key && slot.group != none ? slot.group : look_up(made, key);
  }

  const ResourceGroup& operator[](std::uint32_t group) const { return groups_[group]; }
  std::size_t size() const noexcept { return groups_.size(); }         ///< With group 0.
  std::uint64_t turned_away() const noexcept { return turned_away_; }  ///< For lack of room.

 private:
  // Names of types stay where they are as long as the process, so that address and word tell kinds
  // apart without comparing text. The same group may have several keys.
  struct Key {
    const char* type = nullptr;
    std::uint64_t site = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Slot {
    Key key;
    std::uint32_t group = none;
  };

  static std::size_t hash(const Key& key) noexcept {
    const std::uint64_t mixed =
        (reinterpret_cast<std::uintptr_t>(key.type) ^ key.site) * 0x9e3779b97f4a7c15u;
    return mixed >> 32;
  }
  std::uint32_t look_up(const ResourceInfo& made, const Key& key);
  std::uint32_t find_or_add(const ResourceInfo& made);
  void grow();
  Slot* place_for(const Key& key);

  std::size_t groups_max_;
  std::vector<ResourceGroup> groups_;
  std::vector<Slot> slots_;  ///< A hash table with open addressing, never more than half full.
  std::size_t keys_ = 0;
  std::uint64_t turned_away_ = 0;
};

}  // namespace contrail::inline v0::hooks
