// Runs one scenario on contrail and prints its trace.
//
//   contrail-conformance [--gc-destroy] [--fake-clock] FILE      (FILE may be - for standard input)
//
// On the fake clock a scenario takes no time, and no deadline slips however busy the machine is.

#include <fmt/core.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "contrail/loop.h"
#include "contrail/testing/fake_clock.h"
#include "test/conformance/suite/interpreter.h"

namespace {

using namespace contrail;
using namespace contrail::conformance;

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

std::string read_file(const std::string& file) {
  if (file == "-") return read_all(std::cin);
  std::ifstream stream(file);
  if (!stream) throw std::runtime_error("cannot read " + file);
  return read_all(stream);
}

struct Arguments {
  bool prints_collected = false;
  bool uses_fake_clock = false;
  std::string file;
};

Arguments parse_arguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--gc-destroy") {
      arguments.prints_collected = true;
    } else if (argument == "--fake-clock") {
      arguments.uses_fake_clock = true;
    } else {
      arguments.file = argument;
    }
  }
  return arguments;
}

/// What was made for the scenario dies in here, after the trace has been printed.
void run_scenario(const Scenario& scenario, const Arguments& arguments) {
  Trace trace(arguments.prints_collected);
  Loop loop;
  Interpreter interpreter(scenario, trace);
  loop.on_uncaught_exception([&](std::exception_ptr error, ExceptionOrigin origin) {
    interpreter.on_uncaught(std::move(error), origin);
  });
  if (scenario.on_unhandled) {
    loop.on_unhandled_rejection(
        [&](std::exception_ptr error, AsyncId) { interpreter.on_unhandled(std::move(error)); });
  }
  auto perform_main = [&] {
    trace.name_main();
    interpreter.perform(scenario.main);
  };
  set_immediate([&] { set_immediate(perform_main); });
  if (arguments.uses_fake_clock) {
    testing::FakeClock().run_until_idle();
  } else {
    loop.run();
  }
  fmt::print("{}", trace.text());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse_arguments(argc, argv);
  if (arguments.file.empty()) {
    fmt::print(stderr, "usage: contrail-conformance [--gc-destroy] [--fake-clock] FILE\n");
    return 2;
  }
  try {
    run_scenario(parse_scenario(read_file(arguments.file)), arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "contrail-conformance: {}: {}\n", arguments.file, error.what());
    return 1;
  }
  return 0;
}
