#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace contrail::conformance {

/// A scenario beside which its trace is recorded.
struct ScenarioFile {
  std::filesystem::path path;

  std::string topic() const;  ///< The name of its folder.
  std::string name() const { return path.stem().string(); }
  std::filesystem::path trace() const {
    return std::filesystem::path(path).replace_extension("trace");
  }
};

/// The folder of those that come with the program: installed, or in the source tree it was built
/// from. Throws BadInput if there is neither.
std::filesystem::path bundled_scenarios();

/// All *.json in the folders and below, and the files that are named themselves; sorted. Throws
/// BadInput if there are none.
std::vector<ScenarioFile> find_scenarios(const std::vector<std::string>& places);

}  // namespace contrail::conformance
