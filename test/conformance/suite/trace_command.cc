#include "test/conformance/suite/trace_command.h"

#include <fmt/core.h>

#include <cstdio>

#include "test/conformance/suite/scenario_reader.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {
namespace {

constexpr const char* footer =
    R"(Exit status: 0 if the scenario ran, 1 if it could not be run to its end, 2 if the
file is no scenario.

Example: contrail-conformance trace scenarios/timers/interval-three.json)";

}  // namespace

TraceCommand::TraceCommand(CLI::App& program)
    : Command(program, "trace",
              "Runs one scenario on contrail and prints its trace, one line an event.") {
  options().add_option("FILE", file_, "The scenario; - is standard input")->required();
  options().add_flag("--gc-destroy", runtime_.prints_collected,
                     "Print the destroy events that Node leaves to its garbage collector, too");
  options().add_flag("--real-time", runtime_.real_time,
                     "Timers by the system's clock instead of a fake one that takes no time");
  options().footer(footer);
}

int TraceCommand::run() {
  const std::string name = file_ == "-" ? "standard input" : file_;
  const Scenario scenario = parse_scenario(read_text(file_), name);
  try {
    fmt::print("{}", run_on_contrail(scenario, runtime_));
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}: did not run to its end: {}\n", name, error.what());
    return ExitStatus::difference;
  }
  return ExitStatus::success;
}

}  // namespace contrail::conformance
