#include "test/conformance/suite/generator_options.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>
#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "test/conformance/suite/generator/profiles.h"

namespace contrail::conformance {
namespace {

std::optional<std::uint64_t> parse_seed(std::string_view text) {
  std::uint64_t seed = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), seed);
  constexpr std::uint64_t max = std::uint64_t{1} << 53;
  const bool is_all = end == text.data() + text.size();
  if (failure != std::errc() || !is_all || seed > max) return std::nullopt;
  return seed;
}

/// "A..B", or "A" for A alone.
SeedRange parse_range(const std::string& text) {
  constexpr std::uint64_t count_max = 1'000'000'000;
  const std::size_t dots = text.find("..");
  const auto first = parse_seed(std::string_view(text).substr(0, dots));
  const auto last = dots == std::string::npos ? first : parse_seed(text.substr(dots + 2));
  if (!first || !last || *first > *last || *last - *first >= count_max) {
    throw CLI::ValidationError(
        "--seeds",
        fmt::format("\"{}\" is no range of seeds: 1..100 are the seeds 1 to 100, 7 is 7", text));
  }
  return {*first, *last};
}

std::string parse_profile(const std::string& name) {
  const std::vector<std::string> known = generator::profile_names();
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  throw CLI::ValidationError(
      "--profile", fmt::format("there is no profile \"{}\", but {}", name, fmt::join(known, ", ")));
}

}  // namespace

void GeneratorOptions::add_to(CLI::App& options) {
  const auto choose_seeds = [this](const std::string& text) { seeds = parse_range(text); };
  const auto choose_profile = [this](const std::string& name) { profile = parse_profile(name); };
  options.add_option_function<std::string>("--seeds", choose_seeds, "A..B, both included; or one")
      ->required()
      ->type_name("SEEDS");
  options
      .add_option_function<std::string>("--profile", choose_profile,
                                        fmt::format("What they concentrate on, by default all: {}",
                                                    fmt::join(generator::profile_names(), ", ")))
      ->type_name("NAME");
}

}  // namespace contrail::conformance
