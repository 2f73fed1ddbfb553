#include "contrail/hooks/context_fields.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <stdexcept>

namespace contrail::inline v0::hooks {

namespace {

/// A field is there while it has a `show`: set last, and taken back first.
struct Place {
  bool taken = false;  ///< Guarded by the mutex.
  std::atomic<ContextField::Show> show{nullptr};
  const void* variable = nullptr;
  void (*format)() = nullptr;
  std::array<char, 32> name{};
  std::size_t name_size = 0;
};

// Constant-initialised and never destroyed: for signal handlers at any time.
constinit std::array<Place, 32> places;
constinit std::mutex mutex;

}  // namespace

ContextField::ContextField(std::string_view name, const void* variable, void (*format)(),
                           Show show) {
  std::lock_guard lock(mutex);
  const auto free =
      std::find_if(places.begin(), places.end(), [](const Place& place) { return !place.taken; });
  if (free == places.end()) throw std::length_error("context_field: there are 32 already");
  place_ = static_cast<int>(free - places.begin());
  free->taken = true;
  free->variable = variable;
  free->format = format;
  free->name_size = name.copy(free->name.data(), free->name.size() - 1);
  free->show.store(show, std::memory_order_release);
}

ContextField::~ContextField() {
  if (place_ < 0) return;
  std::lock_guard lock(mutex);
  Place& place = places[static_cast<std::size_t>(place_)];
  place.show.store(nullptr, std::memory_order_release);
  place.taken = false;
}

bool has_context_fields() noexcept {
  return std::any_of(places.begin(), places.end(),
                     [](const Place& place) { return place.show.load() != nullptr; });
}

void write_context_fields(SignalText& to, std::string_view before) {
  for (const Place& place : places) {
    const ContextField::Show show = place.show.load(std::memory_order_acquire);
    if (!show) continue;
    to.text(before).text({place.name.data(), place.name_size}).text("=");
    if (!show(place.variable, place.format, to)) to.text("(nothing)");
  }
}

}  // namespace contrail::inline v0::hooks
