#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "test/conformance/suite/runtime.h"

namespace contrail::conformance {

/// How a runtime ran a scenario.
struct Run {
  std::string trace;
  std::string failure;  ///< Why it did not run to its end; empty if it did.

  /// To compare: a failure is a last line that no trace has.
  std::string text() const;
};

/// Processes that run scenarios side by side.
class Children {
 public:
  struct Ended {
    std::size_t tag;
    Run run;
  };

  Children() = default;
  Children(const Children&) = delete;
  Children& operator=(const Children&) = delete;
  ~Children();  ///< Kills those that still run.

  std::size_t count() const { return children_.size(); }
  /// `tag` tells which one has ended. Kills it when the time limit is over.
  void start(std::size_t tag, const Runtime& runtime, const std::filesystem::path& file,
             std::chrono::milliseconds time_limit);
  /// Waits until one has ended. Throws Interrupted.
  Ended next();

 private:
  using Clock = std::chrono::steady_clock;
  struct Stream {
    int descriptor = -1;  ///< -1 once it is at its end.
    std::string text;
  };
  struct Child {
    std::size_t tag;
    pid_t process;
    Clock::time_point deadline;
    Stream output;
    Stream errors;
    std::string killed_because;

    bool is_silent() const { return output.descriptor < 0 && errors.descriptor < 0; }
  };

  void read_some();
  static void read_from(Child& child, Stream& stream);
  static void kill_child(Child& child, std::string reason);
  static Run finish(Child& child);

  std::vector<Child> children_;
};

/// One alone. Throws Interrupted.
Run run_alone(const Runtime& runtime, const std::filesystem::path& file,
              std::chrono::milliseconds time_limit);

}  // namespace contrail::conformance
