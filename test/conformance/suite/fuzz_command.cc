#include "test/conformance/suite/fuzz_command.h"

#include <fmt/core.h>

#include <CLI/Option.hpp>
#include <CLI/Validators.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "test/conformance/suite/format_option.h"
#include "test/conformance/suite/generator/generate.h"
#include "test/conformance/suite/interruption.h"
#include "test/conformance/suite/progress.h"
#include "test/conformance/suite/shrink.h"
#include "test/conformance/suite/side_by_side.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {
namespace {

using namespace std::chrono_literals;

constexpr auto time_limit = 10s;
constexpr auto shrink_time_limit = 2s;
// By the system's clock a deadline slips now and then, which proves nothing: a difference has to
// show this often again, with nothing else going on.
constexpr int repetitions = 2;

constexpr const char* footer =
    R"(The reference, and a candidate if there is one, is a command that gets a scenario's file as
its last argument and prints its trace. A crash, or more than 10 seconds, is a difference too.

What differs is run again, shrunk to a minimal scenario and shown with both traces.

Exit status: 0 if nothing differs, 1 if something does, 2 if the command line is wrong or a
runtime does not run at all, 130 after Ctrl-C.

Example: contrail-conformance fuzz --reference 'node node_driver.mjs' --seeds 1..1000)";

Result result_of(std::uint64_t seed) {
  Result result;
  result.topic = "seeds";
  result.name = fmt::format("seed {}", seed);
  return result;
}

std::string text_of(const Results& results, Format format) {
  if (format == Format::json) return json_of(results);
  if (format == Format::junit) return junit_of(results);
  return results.summary() + "\n";
}

}  // namespace

FuzzCommand::FuzzCommand(CLI::App& program)
    : Command(program, "fuzz", "Compares a runtime with a reference on random scenarios.") {
  options()
      .add_option("--reference", reference_, "The runtime that is right by definition")
      ->required()
      ->type_name("COMMAND");
  generator_.add_to(options());
  options()
      .add_option("--candidate", candidate_, "Compare this runtime instead of contrail")
      ->type_name("COMMAND");
  options()
      .add_option("--jobs", jobs_, "How many scenarios at a time, 1 by default")
      ->check(CLI::Range(1U, 64U))
      ->type_name("N");
  options()
      .add_option("--out", folder_, "Keep what differs here: scenarios and traces")
      ->type_name("DIR");
  options()
      .add_option("--cache", cache_, "Keep the reference's traces here between runs")
      ->type_name("DIR");
  options().add_flag("--real-time", contrail_.real_time,
                     "contrail's timers by the system's clock instead of a fake one");
  add_format_option(options(), format_);
  options().footer(footer);
}

int FuzzCommand::run() {
  const DriverRuntime reference(reference_);
  std::unique_ptr<Runtime> candidate = std::make_unique<ContrailRuntime>(contrail_);
  if (!candidate_.empty()) candidate = std::make_unique<DriverRuntime>(candidate_);
  catch_interruptions();
  Results results;
  int status = ExitStatus::interrupted;
  try {
    Fuzzer fuzzer(reference, *candidate, TraceCache(reference_, cache_));
    fuzzer.try_runtimes();
    compare_all(fuzzer, results);
    status = results.exit_status();
  } catch (const Interrupted&) {
    fmt::print(stderr, "interrupted after {} of {}\n", results.all().size(),
               generator_.seeds.count());
  }
  fmt::print("{}", text_of(results, format_));
  return status;
}

/// What seems to differ is looked at when nothing else runs, so that it is the scenario that
/// differs and not the machine that is busy.
void FuzzCommand::compare_all(Fuzzer& fuzzer, Results& results) const {
  const SeedRange seeds = generator_.seeds;
  Progress progress(seeds.count());
  std::vector<Fuzzer::Finished> suspects;
  std::uint64_t next = seeds.first;
  while (results.all().size() < seeds.count()) {
    while (suspects.empty() && next <= seeds.last && fuzzer.count_running() < jobs_) {
      fuzzer.start(next, generator::text_of(generator::generate(next, generator_.profile)));
      ++next;
    }
    if (fuzzer.count_running() > 0) {
      Fuzzer::Finished finished = fuzzer.next();
      if (finished.traces.differ()) {
        suspects.push_back(std::move(finished));
      } else {
        results.add(result_of(finished.seed));
      }
    } else {
      for (const Fuzzer::Finished& suspect : suspects) {
        progress.clear();
        results.add(examine(fuzzer, suspect));
      }
      suspects.clear();
    }
    progress.show(results.all().size(), results.failed());
  }
}

Result FuzzCommand::examine(Fuzzer& fuzzer, const Fuzzer::Finished& suspect) const {
  Result result = result_of(suspect.seed);
  Traces traces = suspect.traces;
  for (int i = 0; i < repetitions; ++i) {
    traces = fuzzer.run(suspect.scenario, time_limit);
    if (traces.differ()) continue;
    fmt::print(stderr, "seed {}: differed once, and not again\n", suspect.seed);
    return result;
  }
  result.verdict = Verdict::failed;
  result.account = explain(fuzzer, suspect, traces);
  if (format_ == Format::text) {
    fmt::print("seed {} differs\n{}\n", suspect.seed, result.account);
    std::fflush(stdout);
  }
  return result;
}

std::string FuzzCommand::explain(Fuzzer& fuzzer, const Fuzzer::Finished& suspect,
                                 const Traces& traces) const {
  std::string scenario = suspect.scenario;
  Traces shown = traces;
  // A reference that fails says nothing about the candidate: there is nothing to shrink.
  if (traces.reference.failure.empty()) {
    const auto still_differs = [&](const Json& smaller) {
      const Traces both = fuzzer.run(generator::text_of(smaller), shrink_time_limit);
      return both.reference.failure.empty() && both.differ();
    };
    const Json whole = generator::generate(suspect.seed, generator_.profile);
    scenario = generator::text_of(shrink(whole, still_differs));
    shown = fuzzer.run(scenario, time_limit);
  }
  keep(suspect.seed, scenario, shown);
  return scenario + "\n" +
         side_by_side("reference", shown.reference.text(), name_of_candidate(),
                      shown.candidate.text());
}

void FuzzCommand::keep(std::uint64_t seed, const std::string& scenario,
                       const Traces& traces) const {
  if (folder_.empty()) return;
  const auto file = [&](const char* ending) {
    return std::filesystem::path(folder_) / fmt::format("seed-{}{}", seed, ending);
  };
  write_text(file(".json"), scenario);
  write_text(file(".trace"), traces.reference.text());
  write_text(file(".candidate"), traces.candidate.text());
}

}  // namespace contrail::conformance
