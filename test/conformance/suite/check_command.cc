#include "test/conformance/suite/check_command.h"

#include <fmt/core.h>

#include <cstdio>
#include <memory>

#include "test/conformance/suite/format_option.h"
#include "test/conformance/suite/interruption.h"
#include "test/conformance/suite/scenario_reader.h"

namespace contrail::conformance {
namespace {

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

Result broken(const ScenarioFile& file, const char* complaint) {
  Result result;
  result.topic = file.topic();
  result.name = file.name();
  result.verdict = Verdict::broken;
  result.account = complaint;
  return result;
}

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
  try {
    result = compare(RecordedScenario(file), runtime);
  } catch (const InvalidScenario& error) {
    result = broken(file, error.what());
  } catch (const BadInput& error) {
    result = broken(file, error.what());
  }
  result.duration = std::chrono::steady_clock::now() - start;
  return result;
}

Result CheckCommand::compare(const RecordedScenario& scenario, const Runtime& runtime) const {
  const bool is_real_time = contrail_.real_time || !driver_.empty();
  Result result;
  auto judge = [&](const Run& run) {
    result = scenario.judge(run, runtime, als_only_ ? Extent::als_only : Extent::everything);
    return result.verdict != Verdict::failed;
  };
  run_until(judge, scenario, runtime, is_real_time ? attempts_in_real_time : 1);
  return result;
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
