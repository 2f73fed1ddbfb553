#include "test/conformance/suite/scenario_files.h"

#include <fmt/core.h>

#include <algorithm>

#include "test/conformance/suite/command.h"

namespace contrail::conformance {
namespace {

namespace fs = std::filesystem;

void add_below(std::vector<ScenarioFile>& files, const fs::path& folder) {
  const std::size_t before = files.size();
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back({entry.path()});
  }
  if (files.size() == before) {
    throw BadInput(fmt::format("{}: there are no scenarios here", folder.string()));
  }
}

}  // namespace

std::string ScenarioFile::topic() const {
  return fs::absolute(path).lexically_normal().parent_path().filename().string();
}

fs::path bundled_scenarios() {
  std::error_code ignored;
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored);
  const fs::path installed =
      (program.parent_path() / CONTRAIL_SCENARIOS_INSTALLED).lexically_normal();
  for (const fs::path& folder : {installed, fs::path(CONTRAIL_SCENARIOS_SOURCE)}) {
    if (fs::is_directory(folder, ignored)) return folder;
  }
  throw BadInput(fmt::format("the scenarios are neither in {} nor in {}: name their folder",
                             installed.string(), CONTRAIL_SCENARIOS_SOURCE));
}

std::vector<ScenarioFile> find_scenarios(const std::vector<std::string>& places) {
  std::vector<ScenarioFile> files;
  for (const std::string& name : places) {
    const fs::path place = name;
    if (fs::is_directory(place)) {
      add_below(files, place);
    } else if (fs::exists(place)) {
      files.push_back({place});
    } else {
      throw BadInput(fmt::format("{}: there is no such file or folder", name));
    }
  }
  const auto by_path = [](const ScenarioFile& a, const ScenarioFile& b) { return a.path < b.path; };
  std::sort(files.begin(), files.end(), by_path);
  return files;
}

}  // namespace contrail::conformance
