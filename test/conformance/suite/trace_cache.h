#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace contrail::conformance {

/// The traces of a runtime that costs a process each time, kept in a folder between runs.
class TraceCache {
 public:
  /// An empty folder: nothing is kept.
  TraceCache(std::string runtime, std::filesystem::path folder)
      : runtime_(std::move(runtime)), folder_(std::move(folder)) {}

  std::optional<std::string> find(std::string_view scenario) const;
  void keep(std::string_view scenario, std::string_view trace) const;

 private:
  std::filesystem::path file_of(std::string_view scenario) const;

  const std::string runtime_;
  const std::filesystem::path folder_;
};

}  // namespace contrail::conformance
