#include "tools/contrail_trace/places.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace contrail::trace {
namespace {

/// With the last slash; empty if there is none.
std::string_view directory_of(std::string_view file) { return file.substr(0, file.rfind('/') + 1); }

std::string_view common_directory(std::string_view one, std::string_view other) {
  const auto differs = std::mismatch(one.begin(), one.end(), other.begin(), other.end()).first;
  return directory_of(one.substr(0, static_cast<std::size_t>(differs - one.begin())));
}

}  // namespace

void shorten_files(std::vector<Group>& groups) {
  std::optional<std::string_view> common;
  for (const Group& group : groups) {
    if (group.file.empty()) continue;
    const std::string_view directory = directory_of(group.file);
    common = common ? common_directory(*common, directory) : directory;
  }
  // What is left of absolute paths would look like relative ones.
  const std::size_t dropped = common && *common != "/" ? common->size() : 0;
  for (Group& group : groups) {
    group.short_file = group.file.empty() ? "" : group.file.substr(dropped);
  }
}

}  // namespace contrail::trace
