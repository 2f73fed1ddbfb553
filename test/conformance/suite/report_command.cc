#include "test/conformance/suite/report_command.h"

#include <fmt/core.h>

#include <CLI/Option.hpp>
#include <cstdio>
#include <filesystem>

#include "contrail/version.h"
#include "test/conformance/suite/interruption.h"
#include "test/conformance/suite/progress.h"
#include "test/conformance/suite/report_page.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {
namespace {

constexpr const char* footer =
    R"(contrail is always the first column; each --runtime adds one. A runtime that cannot be run is
left out, with a line on standard error.

Exit status: 0 if the page is written, whatever is on it; 2 if a scenario or an option is broken,
130 after Ctrl-C.

Example: contrail-conformance report --out conformance.md \
             --runtime 'Node 26.10.0=node node_driver.mjs' \
             --runtime 'Bun 1.4.5=bun node_driver.mjs')";

/// "Node 26.10.0=node driver.mjs" in its halves.
std::pair<std::string, std::string> name_and_command(const std::string& option) {
  const std::size_t equals = option.find('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == option.size()) {
    throw BadInput(
        fmt::format("contrail-conformance: --runtime takes NAME=COMMAND, got \"{}\"", option));
  }
  return {option.substr(0, equals), option.substr(equals + 1)};
}

/// Runs all scenarios on one runtime, and judges each run by both extents.
RuntimeScores scores_of(const std::string& name, const Runtime& runtime, int attempts,
                        const std::vector<RecordedScenario>& scenarios, Progress& progress,
                        std::size_t& done) {
  RuntimeScores scores;
  scores.name = name;
  for (const RecordedScenario& scenario : scenarios) {
    Result everything, als_only;
    // What passed once has passed: then it was a deadline that slipped the other time.
    auto judge = [&](const Run& run) {
      auto better = [&](Result& result, Extent extent) {
        if (result.verdict == Verdict::failed || result.topic.empty()) {
          result = scenario.judge(run, runtime, extent);
        }
        return result.verdict != Verdict::failed;
      };
      const bool is_whole = better(everything, Extent::everything);
      return better(als_only, Extent::als_only) && is_whole;
    };
    run_until(judge, scenario, runtime, attempts);
    const std::string topic = scenario.file().topic();
    scores.everything[topic].add(everything, scenario);
    scores.als_only[topic].add(als_only, scenario);
    progress.show(++done, 0);
  }
  return scores;
}

/// What the folder of scenarios says about who left the traces.
std::string reference_of(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / "recorded_with";
  if (!std::filesystem::is_regular_file(file)) return "the reference";
  std::string text = read_text(file);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

std::string as_seen_from(const std::string& page, const std::string& file) {
  if (page == "-") return file;
  const auto folder = std::filesystem::absolute(page).parent_path();
  return std::filesystem::absolute(file).lexically_relative(folder).string();
}

}  // namespace

ReportCommand::ReportCommand(CLI::App& program)
    : Command(program, "report", "Compares runtimes with the recorded traces and writes a page.") {
  options().add_option("PLACE", places_,
                       "Folders of scenarios, or scenarios; by default all that come with the "
                       "program");
  options()
      .add_option("--runtime", runtimes_, "A runtime, how to call it and how to run it")
      ->type_name("NAME=COMMAND")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  options()
      .add_option("--out", page_, "Where the page goes, as Markdown; standard output by default")
      ->type_name("FILE");
  options()
      .add_option("--picture", picture_, "Where the picture that the page shows goes, as SVG")
      ->type_name("FILE");
  options().footer(footer);
}

int ReportCommand::run() {
  if (places_.empty()) places_ = {bundled_scenarios().string()};
  std::vector<RecordedScenario> scenarios;
  for (const ScenarioFile& file : find_scenarios(places_)) scenarios.emplace_back(file);
  catch_interruptions();
  try {
    const std::vector<Column> all = columns(scenarios.front());
    Progress progress(all.size() * scenarios.size());
    std::size_t done = 0;
    std::vector<RuntimeScores> scores;
    for (const Column& column : all) {
      scores.push_back(
          scores_of(column.name, *column.runtime, column.attempts, scenarios, progress, done));
    }
    progress.clear();
    write(scores);
  } catch (const Interrupted&) {
    fmt::print(stderr, "interrupted: nothing was written\n");
    return ExitStatus::interrupted;
  }
  return ExitStatus::success;
}

std::vector<ReportCommand::Column> ReportCommand::columns(const RecordedScenario& trial) const {
  std::vector<Column> columns;
  columns.push_back({fmt::format("contrail {}", contrail::version),
                     std::make_unique<ContrailRuntime>(RuntimeOptions()), 1});
  for (const std::string& option : runtimes_) {
    auto [name, command] = name_and_command(option);
    auto runtime = std::make_unique<DriverRuntime>(name, command);
    std::string failure;
    auto note = [&](const Run& run) { return failure = run.failure, true; };
    run_until(note, trial, *runtime, 1);
    if (!failure.empty()) {
      fmt::print(stderr, "report: {} is left out: it {}\n", name, failure);
      continue;
    }
    columns.push_back({std::move(name), std::move(runtime), attempts_in_real_time});
  }
  return columns;
}

void ReportCommand::write(const std::vector<RuntimeScores>& scores) const {
  ReportPage page;
  page.reference = reference_of(places_.front());
  if (!picture_.empty()) {
    write_text(picture_, picture_of(scores));
    page.picture = as_seen_from(page_, picture_);
  }
  const std::string text = markdown_of(scores, page);
  if (page_ == "-") {
    fmt::print("{}", text);
  } else {
    write_text(page_, text);
    for (const RuntimeScores& runtime : scores) {
      const Score sum = sum_of(runtime.everything);
      fmt::print("{}: {} passed, {} failed\n", runtime.name, sum.passed, sum.failed);
    }
  }
}

}  // namespace contrail::conformance
