#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "flight_records.h"
#include "temp_dir.h"

namespace contrail {

inline constexpr std::int64_t millisecond = 1'000'000;

struct Ran {
  int status;
  std::string output;
  std::string errors;
};

/// Runs the program on a small recording.
class ContrailTrace : public ::testing::Test {
 protected:
  ContrailTrace() {
    using hooks::FlightEvent;
    // A timer that makes a promise for request 7, which is settled and runs; then another timer,
    // which is running at the end.
    flight.add(FlightEvent::enabled, 1000);
    flight.add(FlightEvent::init, 2 * millisecond, 2, 1, 1);
    flight.add(FlightEvent::poll_begins, 3 * millisecond);
    flight.add(FlightEvent::poll_ends, 5 * millisecond);
    flight.add(FlightEvent::before, 5 * millisecond, 2, 0, 1);
    flight.add(FlightEvent::request, 5 * millisecond, 3, 7, 2);
    flight.add(FlightEvent::init, 5 * millisecond, 3, 2, 2);
    flight.add(FlightEvent::resolve, 5 * millisecond, 3, 7, 2);
    flight.add(FlightEvent::after, 7 * millisecond, 2, 0, 1);
    flight.add(FlightEvent::before, 8 * millisecond, 3, 7, 2);
    flight.add(FlightEvent::after, 9 * millisecond, 3, 7, 2);
    flight.add(FlightEvent::destroy, 9 * millisecond, 3, 7, 2);
    flight.add(FlightEvent::init, 10 * millisecond, 4, 2, 1);
    flight.add(FlightEvent::before, 12 * millisecond, 4, 0, 1);
    flight.add(FlightEvent::init, 12 * millisecond, 5, ~std::uint64_t{0}, 2);
  }

  std::string file() const { return flight.write(path); }

  Ran run(const std::string& arguments) const {
    const std::string errors = dir.path() / "errors";
    const std::string command = CONTRAIL_TRACE_PROGRAM " " + arguments + " 2>" + errors;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    Ran ran;
    for (int c; (c = std::fgetc(pipe)) != EOF;) ran.output += static_cast<char>(c);
    ran.status = WEXITSTATUS(::pclose(pipe));
    ran.errors = text_of(errors);
    return ran;
  }
  static std::string text_of(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  TempDir dir;
  std::string path = dir.path() / "app.flight";
  MadeUpFlight flight;
};

}  // namespace contrail
