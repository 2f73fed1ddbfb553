#include "test/conformance/suite/trace_cache.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdint>

#include "test/conformance/suite/text_file.h"

namespace contrail::conformance {
namespace {

/// FNV-1a.
std::uint64_t hash_of(std::uint64_t hash, std::string_view text) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace

std::filesystem::path TraceCache::file_of(std::string_view scenario) const {
  const std::uint64_t hash = hash_of(hash_of(0xcbf29ce484222325ULL, runtime_ + "\n"), scenario);
  return folder_ / fmt::format("{:016x}.trace", hash);
}

std::optional<std::string> TraceCache::find(std::string_view scenario) const {
  if (folder_.empty()) return std::nullopt;
  const std::filesystem::path file = file_of(scenario);
  if (!std::filesystem::exists(file)) return std::nullopt;
  return read_text(file);
}

// Under another name first: another run may be looking, and this one may be stopped.
void TraceCache::keep(std::string_view scenario, std::string_view trace) const {
  if (folder_.empty()) return;
  const std::filesystem::path file = file_of(scenario);
  const std::filesystem::path draft = file.string() + fmt::format(".{}", getpid());
  write_text(draft, trace);
  std::filesystem::rename(draft, file);
}

}  // namespace contrail::conformance
