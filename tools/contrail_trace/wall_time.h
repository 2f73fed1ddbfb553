#pragma once

#include <cstdint>
#include <string>

#include "hooks/flight_format.h"

namespace contrail::trace {

/// "2026-07-29T12:34:56.789Z": in UTC, by the recorder's two clocks, cut off after so many decimal
/// digits.
std::string wall_time(const hooks::FlightHeader& header, std::int64_t steady_time, int digits);

}  // namespace contrail::trace
