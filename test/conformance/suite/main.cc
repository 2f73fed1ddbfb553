// contrail-conformance: does a runtime with async hooks do what Node.js does? Each subcommand is a
// file of its own; here they are only listed.

#include <fmt/core.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "contrail/version.h"
#include "test/conformance/suite/check_command.h"
#include "test/conformance/suite/command.h"
#include "test/conformance/suite/fuzz_command.h"
#include "test/conformance/suite/generate_command.h"
#include "test/conformance/suite/report_command.h"
#include "test/conformance/suite/scenario_reader.h"
#include "test/conformance/suite/trace_command.h"

namespace {

using namespace contrail::conformance;

constexpr const char* about =
    "Compares runtimes that have async hooks and AsyncLocalStorage with Node.js: runs small\n"
    "programs, scenarios, and compares what hooks saw, byte for byte.";

template <class... Commands>
std::vector<std::unique_ptr<Command>> commands_of(CLI::App& program) {
  std::vector<std::unique_ptr<Command>> commands;
  (commands.push_back(std::make_unique<Commands>(program)), ...);
  return commands;
}

int complain(const std::exception& error) {
  fmt::print(stderr, "{}\n", error.what());
  return ExitStatus::bad_input;
}

int run_chosen(const std::vector<std::unique_ptr<Command>>& commands) {
  for (const auto& command : commands) {
    if (command->is_chosen()) return command->run();
  }
  throw BadInput("contrail-conformance: which command? (see --help)");
}

/// Help is no error; a command line that cannot be understood is bad input.
int end_of_parsing(const CLI::App& program, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) return program.exit(error);
  fmt::print(stderr, "contrail-conformance: {} (see --help)\n", error.what());
  return ExitStatus::bad_input;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program(about, "contrail-conformance");
  program.require_subcommand(0, 1);
  program.set_version_flag("--version", std::string(contrail::version));
  program.footer("contrail-conformance COMMAND --help says more about each.");
  const auto commands =
      commands_of<TraceCommand, CheckCommand, GenerateCommand, FuzzCommand, ReportCommand>(program);
  try {
    program.parse(argc, argv);
    return run_chosen(commands);
  } catch (const CLI::ParseError& error) {
    return end_of_parsing(program, error);
  } catch (const InvalidScenario& error) {
    return complain(error);
  } catch (const BadInput& error) {
    return complain(error);
  }
}
