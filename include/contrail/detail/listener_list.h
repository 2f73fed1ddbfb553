#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <utility>

#include "contrail/function.h"

namespace contrail::inline v0::detail {

/// The listeners of one event, in the order in which they are called. While they are, nothing moves
/// and nothing dies: those that leave are marked, and those that come have a number above the
/// newest that was to be called. Whoever knows its place leaves without a search.
template <class... Args>
class ListenerList {
 public:
  using Listener = Function<void(Args...)>;

  struct Entry {
    Listener fn;
    std::uint64_t number;
    bool once;
    bool removed = false;
  };

  /// Where one is, until its fn dies.
  using Place = typename std::list<Entry>::iterator;

  std::size_t size() const noexcept { return size_; }

  Place add(Entry entry, bool front) {
    const Place place =
        entries_.insert(front ? entries_.begin() : entries_.end(), std::move(entry));
    ++size_;
    return place;
  }

  /// False if it has left already.
  bool remove(Place place) noexcept {
    if (place->removed) return false;
    mark(*place);
    if (depth_ > 0) return true;
    std::list<Entry> dying;  // As in sweep().
    dying.splice(dying.end(), entries_, place);
    return true;
  }

  std::optional<Place> find(std::uint64_t number) noexcept {
    for (Place place = entries_.begin(); place != entries_.end(); ++place) {
      if (place->number == number && !place->removed) return place;
    }
    return std::nullopt;
  }
  /// The one that is called last.
  std::optional<Place> last() noexcept {
    for (Place place = entries_.end(); place != entries_.begin();) {
      if (!(--place)->removed) return place;
    }
    return std::nullopt;
  }

  /// Nobody is called any more.
  void close() noexcept {
    closed_ = true;
    for (Entry& entry : entries_) entry.removed = true;
    size_ = 0;
    sweep();
  }

  /// Calls those whose number is at most `newest`; on_removed(number) ahead of each that is called
  /// only once. They may do to this list whatever they like.
  template <class OnRemoved>
  void call(std::uint64_t newest, OnRemoved on_removed, Args... args) {
    const Calling calling(*this);
    for (Entry& entry : entries_) {
      if (entry.removed || entry.number > newest) continue;
      if (entry.once) {
        mark(entry);
        on_removed(entry.number);
        if (closed_) return;
      }
      entry.fn(args...);
    }
  }

  bool warned = false;  ///< That they are too many.

 private:
  class Calling {
   public:
    explicit Calling(ListenerList& list) noexcept : list_(list) { ++list_.depth_; }
    Calling(const Calling&) = delete;
    Calling& operator=(const Calling&) = delete;
    ~Calling() {
      --list_.depth_;
      if (list_.has_removed_) list_.sweep();
    }

   private:
    ListenerList& list_;
  };

  void mark(Entry& entry) noexcept {
    entry.removed = true;
    has_removed_ = true;
    --size_;
  }

  void sweep() noexcept {
    if (depth_ > 0) return;
    has_removed_ = false;
    // What they have captured dies when the list is whole again: it may come back here.
    std::list<Entry> dying;
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (entry->removed) dying.splice(dying.end(), entries_, entry);
      entry = next;
    }
  }

  std::list<Entry> entries_;
  std::size_t size_ = 0;  ///< Without those that are removed.
  std::size_t depth_ = 0;
  bool has_removed_ = false;
  bool closed_ = false;
};

}  // namespace contrail::inline v0::detail
