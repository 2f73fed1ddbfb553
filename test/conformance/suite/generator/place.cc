#include "test/conformance/suite/generator/place.h"

namespace contrail::conformance::generator {

Place Places::main() {
  Place place;
  place.moment = 0;
  place.callback = next_callback_++;
  return place;
}

Place Places::inner(const Place& place, Taker taker) {
  Place inner = place;
  ++inner.depth;
  inner.taker = taker;
  inner.is_deferred = false;
  return inner;
}

Place Places::later(const Place& place, std::optional<int> moment, Taker taker) {
  Place later = place;
  later.moment = moment;
  later.callback = next_callback_++;
  ++later.depth;
  later.taker = taker;
  later.is_deferred = true;
  return later;
}

Place Places::sometime(const Place& place, Taker taker) {
  return later(place, std::nullopt, taker);
}

Place Places::repeatedly(const Place& place) {
  Place repeated = sometime(place);
  repeated.repeats = true;
  return repeated;
}

}  // namespace contrail::conformance::generator
