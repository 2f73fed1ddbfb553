#include "test/conformance/suite/check_command.h"

#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "test/conformance/suite/als_only.h"
#include "test/conformance/suite/children.h"
#include "test/conformance/suite/format_option.h"
#include "test/conformance/suite/interruption.h"
#include "test/conformance/suite/scenario_reader.h"
#include "test/conformance/suite/side_by_side.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {
namespace {

using namespace std::chrono_literals;

constexpr auto time_limit = 10s;
// By the system's clock a deadline slips now and then, which proves nothing; what differs every
// time is a difference.
constexpr int attempts_in_real_time = 3;

constexpr const char* footer =
    R"(A driver is a program that runs a scenario on some runtime and prints its
trace, as the suite's README.md says. It gets the file as its last argument, has 10 seconds, and up
to 3 attempts. The one for JavaScript runtimes is node_driver.mjs; installed, both are in
share/contrail/conformance.

With --als-only, lines of hook events and the fields id=, exec= and trigger= are left out of both
traces; scenarios in which hooks act on the program are skipped.

Exit status: 0 if all passed, 1 if a trace differs, 2 if a scenario is broken or its trace missing.

Examples: contrail-conformance check
          contrail-conformance check scenarios/timers --driver 'node node_driver.mjs')";

}  // namespace

CheckCommand::CheckCommand(CLI::App& program)
    : Command(program, "check",
              "Runs scenarios and compares their traces with the ones recorded from Node.js.") {
  options().add_option(
      "PLACE", places_,
      "Folders of scenarios, or scenarios; by default all that come with the program");
  options()
      .add_option("--driver", driver_, "Check this runtime instead of contrail")
      ->type_name("COMMAND");
  options().add_flag("--als-only", als_only_,
                     "Compare what a runtime can show that has AsyncLocalStorage but no hooks");
  options().add_flag("--real-time", contrail_.real_time,
                     "contrail's timers by the system's clock instead of a fake one");
  add_format_option(options(), format_);
  options().footer(footer);
}

int CheckCommand::run() {
  if (places_.empty()) places_ = {bundled_scenarios().string()};
  std::unique_ptr<Runtime> runtime = std::make_unique<ContrailRuntime>(contrail_);
  if (!driver_.empty()) runtime = std::make_unique<DriverRuntime>(driver_);
  const std::vector<ScenarioFile> files = find_scenarios(places_);
  catch_interruptions();
  Results results;
  try {
    for (const ScenarioFile& file : files) {
      results.add(check(file, *runtime));
      const Result& newest = results.all().back();
      const bool has_failed =
          newest.verdict == Verdict::failed || newest.verdict == Verdict::broken;
      if (has_failed && format_ == Format::text) fmt::print("{}\n", account_of(newest));
    }
  } catch (const Interrupted&) {
    report(results);
    fmt::print(stderr, "interrupted after {} of {}\n", results.all().size(), files.size());
    return ExitStatus::interrupted;
  }
  report(results);
  return results.exit_status();
}

Result CheckCommand::check(const ScenarioFile& file, const Runtime& runtime) const {
  const auto start = std::chrono::steady_clock::now();
  Result result;
  result.topic = file.topic();
  result.name = file.name();
  try {
    compare(result, file, runtime);
  } catch (const InvalidScenario& error) {
    result.verdict = Verdict::broken;
    result.account = error.what();
  } catch (const BadInput& error) {
    result.verdict = Verdict::broken;
    result.account = error.what();
  }
  result.duration = std::chrono::steady_clock::now() - start;
  return result;
}

void CheckCommand::compare(Result& result, const ScenarioFile& file, const Runtime& runtime) const {
  const Scenario scenario = parse_scenario(read_text(file.path), file.path.string());
  result.about = scenario.about;
  if (als_only_ && depends_on_hooks(scenario)) {
    result.verdict = Verdict::skipped;
    result.account = "its hooks act on the program";
    return;
  }
  const auto shown = [&](const std::string& trace) {
    return als_only_ ? without_hooks(trace, scenario) : trace;
  };
  const std::string recorded = shown(read_text(file.trace()));
  const bool is_real_time = contrail_.real_time || !driver_.empty();
  Run run;
  for (int attempt = 0; attempt < (is_real_time ? attempts_in_real_time : 1); ++attempt) {
    run = run_alone(runtime, file.path, time_limit);
    run.trace = shown(run.trace);
    if (run.text() == recorded) return;
  }
  result.verdict = Verdict::failed;
  result.account = side_by_side("recorded", recorded, runtime.name(), run.text());
}

void CheckCommand::report(const Results& results) const {
  switch (format_) {
    case Format::json: fmt::print("{}", json_of(results)); return;
    case Format::junit: fmt::print("{}", junit_of(results)); return;
    case Format::text: break;
  }
  fmt::print("{}", table_of(results));
  if (results.skipped() > 0) {
    fmt::print("{} skipped: their hooks act on the program\n", results.skipped());
  }
  fmt::print("{}\n", results.summary());
}

}  // namespace contrail::conformance
