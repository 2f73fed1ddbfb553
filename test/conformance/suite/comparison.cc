#include "test/conformance/suite/comparison.h"

#include <chrono>

#include "test/conformance/suite/als_only.h"
#include "test/conformance/suite/scenario_reader.h"
#include "test/conformance/suite/side_by_side.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {
namespace {

using namespace std::chrono_literals;

constexpr auto time_limit = 10s;

}  // namespace

RecordedScenario::RecordedScenario(ScenarioFile file)
    : file_(std::move(file)),
      text_(read_text(file_.path)),
      scenario_(parse_scenario(text_, file_.path.string())),
      recorded_(read_text(file_.trace())) {}

std::string RecordedScenario::shown(const std::string& trace, Extent extent) const {
  return extent == Extent::everything ? trace : without_hooks(trace, scenario_);
}

Result RecordedScenario::judge(const Run& run, const Runtime& runtime, Extent extent) const {
  Result result;
  result.topic = file_.topic();
  result.name = file_.name();
  result.about = scenario_.about;
  if (extent == Extent::als_only && depends_on_hooks(scenario_)) {
    result.verdict = Verdict::skipped;
    result.account = "its hooks act on the program";
    return result;
  }
  const std::string recorded = shown(recorded_, extent);
  const Run seen{shown(run.trace, extent), run.failure};
  if (seen.text() == recorded) return result;
  result.verdict = Verdict::failed;
  result.account = side_by_side("recorded", recorded, runtime.name(), seen.text());
  return result;
}

void run_until(const std::function<bool(const Run&)>& is_enough, const RecordedScenario& scenario,
               const Runtime& runtime, int attempts) {
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (is_enough(run_alone(runtime, scenario.file().path, time_limit))) return;
  }
}

}  // namespace contrail::conformance
