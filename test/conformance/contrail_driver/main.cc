// Runs one scenario on contrail and prints its trace.
//
//   contrail_driver [--gc-destroy] FILE      (FILE may be - for standard input)

#include <fmt/core.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "contrail/loop.h"
#include "test/conformance/contrail_driver/interpreter.h"

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

/// What was made for the scenario dies in here, after the trace has been printed.
void run_scenario(const Scenario& scenario, bool prints_collected) {
  Trace trace(prints_collected);
  Loop loop;
  Interpreter interpreter(scenario, trace);
  loop.on_uncaught_exception([&](std::exception_ptr error, ExceptionOrigin origin) {
    interpreter.print_uncaught(std::move(error), origin);
  });
  auto perform_main = [&] {
    trace.name_main();
    interpreter.perform(scenario.main);
  };
  set_immediate([&] { set_immediate(perform_main); });
  loop.run();
  fmt::print("{}", trace.text());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  bool prints_collected = false;
  std::string file;
  for (int i = 1; i < argc; ++i) {
    if (argv[i] == std::string_view("--gc-destroy")) {
      prints_collected = true;
    } else {
      file = argv[i];
    }
  }
  if (file.empty()) {
    fmt::print(stderr, "usage: contrail_driver [--gc-destroy] FILE\n");
    return 2;
  }
  try {
    run_scenario(parse_scenario(read_file(file)), prints_collected);
  } catch (const std::exception& error) {
    fmt::print(stderr, "contrail_driver: {}: {}\n", file, error.what());
    return 1;
  }
  return 0;
}
