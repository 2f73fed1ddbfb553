// The lists of timers, one per delay: found by it, and in a heap by when their first one expires.

#include <memory>

#include "src/loop/timers.h"

namespace contrail::inline v0::detail {

Timers::List& Timers::find_or_add(std::int64_t delay) {
  const auto found = lists_.find(delay);
  List& list = found != lists_.end() ? *found->second : add_list(delay);
  // The latest list is kept although it may be empty; it is not the latest any more.
  List* previous = std::exchange(last_list_, &list);
  if (previous && previous->empty() && previous != running_list_) remove(*previous);
  return list;
}

/// If it throws, nothing has changed: a list is in both places or in none.
Timers::List& Timers::add_list(std::int64_t delay) {
  auto list = std::make_unique<List>(delay);
  list->position = heap_.size();
  list->expiry = never;
  if (heap_.size() == heap_.capacity()) heap_.reserve(2 * heap_.size() + 1);
  List& added = *lists_.emplace(delay, std::move(list)).first->second;
  heap_.push_back(&added);
  return added;
}

/// An empty list gets its first timer: as if it had just been made.
void Timers::place(List& list, std::int64_t expiry) {
  const bool later = expiry >= std::exchange(list.expiry, expiry);
  list.order = next_order_++;
  later ? sift_down(list.position) : sift_up(list.position);
  if (expiry < next_expiry_) schedule(expiry);
}

void Timers::drop_idle_list(std::int64_t delay) {
  const auto found = lists_.find(delay);
  if (found == lists_.end() || !found->second->empty()) return;
  if (found->second.get() != running_list_) remove(*found->second);
}

void Timers::remove(List& list) {
  const std::size_t at = list.position;
  List* last = heap_.back();
  heap_.pop_back();
  if (last != &list) {
    heap_[at] = last;
    last->position = at;
    sift_up(at);
    sift_down(last->position);
  }
  if (last_list_ == &list) last_list_ = nullptr;
  lists_.erase(list.delay);
}

bool Timers::earlier(const List* a, const List* b) const noexcept {
  return a->expiry != b->expiry ? a->expiry < b->expiry : a->order < b->order;
}

void Timers::sift_up(std::size_t at) noexcept {
  List* list = heap_[at];
  while (at > 0 && earlier(list, heap_[(at - 1) / 2])) {
    heap_[at] = heap_[(at - 1) / 2];
    heap_[at]->position = at;
    at = (at - 1) / 2;
  }
  heap_[at] = list;
  list->position = at;
}

void Timers::sift_down(std::size_t at) noexcept {
  List* list = heap_[at];
  for (std::size_t child = 2 * at + 1; child < heap_.size(); child = 2 * at + 1) {
    if (child + 1 < heap_.size() && earlier(heap_[child + 1], heap_[child])) ++child;
    if (!earlier(heap_[child], list)) break;
    heap_[at] = heap_[child];
    heap_[at]->position = at;
    at = child;
  }
  heap_[at] = list;
  list->position = at;
}

void Timers::drop_those_with_ref() noexcept {
  std::vector<Ref<TimeoutState>> due;
  each([&](const TimeoutState& timer) {
    if (timer.has_ref) due.push_back(Ref<TimeoutState>::share(const_cast<TimeoutState*>(&timer)));
  });
  for (const auto& timer : due) clear(*timer);
}

}  // namespace contrail::inline v0::detail
