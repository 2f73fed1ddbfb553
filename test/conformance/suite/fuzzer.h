#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "test/conformance/suite/children.h"
#include "test/conformance/suite/temporary_folder.h"
#include "test/conformance/suite/trace_cache.h"

namespace contrail::conformance {

/// What two runtimes made of one scenario.
struct Traces {
  Run reference;
  Run candidate;

  bool differ() const { return reference.text() != candidate.text(); }
};

/// Runs scenarios on two runtimes, several at a time.
class Fuzzer {
 public:
  struct Finished {
    std::uint64_t seed;
    std::string scenario;
    Traces traces;
  };

  Fuzzer(const Runtime& reference, const Runtime& candidate, TraceCache cache)
      : reference_(reference), candidate_(candidate), cache_(std::move(cache)) {}

  /// Throws BadInput if one of the two cannot run the simplest of scenarios.
  void try_runtimes();

  void start(std::uint64_t seed, std::string scenario);
  std::size_t count_running() const { return trials_.size(); }
  /// Waits for one that was started. Throws Interrupted.
  Finished next();

  /// One alone, without the cache, while nothing else runs: no deadline slips on our account.
  Traces run(const std::string& scenario, std::chrono::milliseconds time_limit);

 private:
  struct Trial {
    std::uint64_t seed;
    std::string scenario;
    std::filesystem::path file;
    std::optional<Run> reference;
    std::optional<Run> candidate;

    bool is_over() const { return reference && candidate; }
  };

  void take(Children::Ended ended);

  const Runtime& reference_;
  const Runtime& candidate_;
  const TraceCache cache_;
  const TemporaryFolder folder_;
  Children children_;
  std::map<std::size_t, Trial> trials_;  ///< By number.
  std::size_t next_number_ = 0;
};

}  // namespace contrail::conformance
