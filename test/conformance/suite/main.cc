// contrail-conformance: does a runtime with async hooks do what Node.js does? Each subcommand is a
// file of its own; here they are only listed.

#include <fmt/core.h>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
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

constexpr const char* footer = R"(contrail-conformance COMMAND --help says more about each.

Exit status: 0 if all is well, 1 if something differs, 2 if the input or the command line is bad.

Example: contrail-conformance check)";

template <class... Commands>
std::vector<std::unique_ptr<Command>> commands_of(CLI::App& program) {
  std::vector<std::unique_ptr<Command>> commands;
  (commands.push_back(std::make_unique<Commands>(program)), ...);
  return commands;
}

int complain(std::string_view message) {
  fmt::print(stderr, "{}\n", message);
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
  return complain(fmt::format("contrail-conformance: {} (see --help)", error.what()));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App program(about, "contrail-conformance");
  program.require_subcommand(0, 1);
  program.set_version_flag("--version", std::string(contrail::version));
  program.footer(footer);
  const auto commands =
      commands_of<TraceCommand, CheckCommand, GenerateCommand, FuzzCommand, ReportCommand>(program);
  try {
    program.parse(argc, argv);
    const int status = run_chosen(commands);
    if (std::fflush(stdout) != 0)
      throw BadInput("contrail-conformance: standard output cannot be written");
    return status;
  } catch (const CLI::ParseError& error) {
    return end_of_parsing(program, error);
  } catch (const BadInput& error) {
    return complain(error.what());
  } catch (const InvalidScenario& error) {
    return complain(error.what());
  } catch (const std::exception& error) {  // a folder that may not be read, no more processes, ...
    return complain(fmt::format("contrail-conformance: {}", error.what()));
  }
}
