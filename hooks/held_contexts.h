#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory_resource>
#include <unordered_map>
#include <vector>

#include "hooks/numbered.h"

namespace contrail::inline v0::hooks {

/// Which resources hold which context, and what has entered that. All are numbers, so that the
/// notes about a resource are small.
class HeldContexts {
 public:
  static constexpr Number none = Numbered<int>::none;

  explicit HeldContexts(std::size_t holders_max) : holders_max_(holders_max) {}

  /// Somebody of this group may enter contexts. One share is the caller's.
  Number add_maker(std::uint32_t group);
  /// It is gone: the caller's share, too.
  void maker_went(Number maker, std::int64_t now);

  bool knows(const void* context) const { return by_identity_.contains(context); }
  /// A resource of this group holds the context, which maker (or none) has entered if it is a new
  /// one. Returns the holder; none if there are too many.
  Number hold(const void* context, std::uint32_t group, Number maker);
  void let_go(Number holder);

  struct Held {
    std::uint32_t maker_group;
    std::int64_t maker_went_at;
    std::vector<std::uint32_t> holder_groups;
  };
  /// Calls visit for each context whose maker is gone.
  void each_outliving(const std::function<void(const Held&)>& visit) const;

  std::uint64_t turned_away() const noexcept { return turned_away_; }

 private:
  static constexpr std::int64_t still_there = -1;

  struct Maker {
    std::uint32_t group;
    std::uint32_t shares;  ///< Its own, and its contexts'.
    std::int64_t went_at;
  };
  struct Holder {
    std::uint32_t group;
    Number context;
    Number previous;
    Number next;  ///< Of the same context.
  };
  struct Context {
    const void* identity;
    Number maker;
    Number first_holder;
  };

  void drop_share(Number maker);

  std::size_t holders_max_;
  Numbered<Maker> makers_;
  Numbered<Holder> holders_;
  Numbered<Context> contexts_;
  std::pmr::unsynchronized_pool_resource memory_;
  std::pmr::unordered_map<const void*, Number> by_identity_{&memory_};
  std::uint64_t turned_away_ = 0;
};

}  // namespace contrail::inline v0::hooks
