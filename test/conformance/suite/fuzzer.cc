#include "test/conformance/suite/fuzzer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "test/conformance/suite/command.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {

using namespace std::chrono_literals;

namespace {

constexpr auto time_limit = 10s;

// A child's tag says which trial's it is, and whether it is the candidate's.
std::size_t reference_tag(std::size_t number) { return 2 * number; }
std::size_t candidate_tag(std::size_t number) { return 2 * number + 1; }

}  // namespace

void Fuzzer::try_runtimes() {
  const Traces traces = run("{\"main\": [[\"log\", \"ready\"]]}\n", time_limit);
  const auto expect_success = [](const Runtime& runtime, const Run& trial) {
    if (trial.failure.empty()) return;
    throw BadInput(fmt::format("{}: runs no scenario: {}", runtime.name(), trial.failure));
  };
  expect_success(reference_, traces.reference);
  expect_success(candidate_, traces.candidate);
}

void Fuzzer::start(std::uint64_t seed, std::string scenario) {
  const std::size_t number = next_number_++;
  Trial trial = {.seed = seed,
                 .scenario = std::move(scenario),
                 .file = folder_.path() / fmt::format("{}.json", number),
                 .reference = std::nullopt,
                 .candidate = std::nullopt};
  write_text(trial.file, trial.scenario);
  if (auto trace = cache_.find(trial.scenario)) {
    trial.reference = Run{std::move(*trace), ""};
  } else {
    children_.start(reference_tag(number), reference_, trial.file, time_limit);
  }
  children_.start(candidate_tag(number), candidate_, trial.file, time_limit);
  trials_.emplace(number, std::move(trial));
}

Fuzzer::Finished Fuzzer::next() {
  const auto is_over = [](const auto& entry) { return entry.second.is_over(); };
  auto over = trials_.end();
  while ((over = std::find_if(trials_.begin(), trials_.end(), is_over)) == trials_.end()) {
    take(children_.next());
  }
  Trial trial = std::move(over->second);
  trials_.erase(over);
  std::filesystem::remove(trial.file);
  return {.seed = trial.seed,
          .scenario = std::move(trial.scenario),
          .traces = {std::move(*trial.reference), std::move(*trial.candidate)}};
}

void Fuzzer::take(Children::Ended ended) {
  const std::size_t number = ended.tag / 2;
  Trial& trial = trials_.at(number);
  if (ended.tag == candidate_tag(number)) {
    trial.candidate = std::move(ended.run);
    return;
  }
  // A failure is not kept: perhaps it was only this time.
  if (ended.run.failure.empty()) cache_.keep(trial.scenario, ended.run.trace);
  trial.reference = std::move(ended.run);
}

Traces Fuzzer::run(const std::string& scenario, std::chrono::milliseconds limit) {
  const std::filesystem::path file = folder_.path() / "alone.json";
  write_text(file, scenario);
  return {run_alone(reference_, file, limit), run_alone(candidate_, file, limit)};
}

}  // namespace contrail::conformance
