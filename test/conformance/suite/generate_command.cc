#include "test/conformance/suite/generate_command.h"

#include <fmt/core.h>

#include <filesystem>

#include "test/conformance/suite/generator/generate.h"
#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {
namespace {

constexpr const char* footer = R"(One seed and profile gives one scenario, everywhere and always.

Exit status: 0 if all were written, 2 if not.

Example: contrail-conformance generate --seeds 1..100 --out /tmp/scenarios)";

}  // namespace

GenerateCommand::GenerateCommand(CLI::App& program)
    : Command(program, "generate", "Makes random scenarios that run the same way every time.") {
  generator_.add_to(options());
  options()
      .add_option("--out", folder_, "Write them here, each as SEED.json")
      ->type_name("DIR")
      ->required();
  options().footer(footer);
}

int GenerateCommand::run() {
  const SeedRange seeds = generator_.seeds;
  for (std::uint64_t seed = seeds.first; seed <= seeds.last; ++seed) {
    const auto file = std::filesystem::path(folder_) / fmt::format("{}.json", seed);
    write_text(file, generator::text_of(generator::generate(seed, generator_.profile)));
  }
  fmt::print("{} scenarios are in {}\n", seeds.count(), folder_);
  return ExitStatus::success;
}

}  // namespace contrail::conformance
