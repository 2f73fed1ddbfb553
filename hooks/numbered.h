#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace contrail::inline v0::hooks {

using Number = std::uint32_t;

/// Things that are known by a number, which the next one gets when a thing has gone.
template <class T>
class Numbered {
 public:
  static constexpr Number none = ~Number{0};

  Number add(const T& item) {
    if (free_ == none) {
      items_.push_back({item, in_use});
      ++count_;
      return static_cast<Number>(items_.size() - 1);
    }
    const Number number = free_;
    free_ = items_[number].next_free;
    items_[number] = {item, in_use};
    ++count_;
    return number;
  }
  void remove(Number number) noexcept {
    items_[number].next_free = free_;
    free_ = number;
    --count_;
  }

  T& operator[](Number number) noexcept { return items_[number].item; }
  const T& operator[](Number number) const noexcept { return items_[number].item; }
  std::size_t size() const noexcept { return count_; }

  template <class Visit>
  void each(Visit visit) const {
    for (const Item& item : items_) {
      if (item.next_free == in_use) visit(item.item);
    }
  }

 private:
  static constexpr Number in_use = none - 1;
  struct Item {
    T item;
    Number next_free;
  };

  std::vector<Item> items_;
  Number free_ = none;
  std::size_t count_ = 0;
};

}  // namespace contrail::inline v0::hooks
