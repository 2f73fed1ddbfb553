#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0::hooks {

class TraceSession;

struct TraceOptions {
  /// What exceeds this is dropped and counted; what had begun still gets its end. A million events
  /// are about 150 MB of a ChromeTrace, and 40 MB of a PerfettoTrace.
  std::uint64_t max_events = 1'000'000;
  /// Viewers become slow where there are very many, so these have a limit of their own.
  std::uint64_t arrows_max = 100'000;
  /// Written to the file when this much has gathered, and at least once a second.
  std::size_t buffer_bytes = 256 * 1024;
  bool track_promises = true;
  bool only_sampled = false;  ///< See run_sampled().
  /// True: every event reads the clock, in place of one reading a callback. See event_time().
  bool full_precision = false;
  std::string process_name = {};  ///< Empty: the program's own.
  std::string thread_name = "event loop";
  /// What a resource is about, in words of yours: shown among its arguments as "details" unless
  /// empty. For example, the path in a fs::Details. It should do nothing asynchronous.
  Function<std::string(const ResourceInfo&)> describe = {};
  /// Which request a new resource belongs to, or 0: called in its init, in its creator's context. A
  /// ChromeTrace shows the number among the arguments of it and of its callbacks; a PerfettoTrace
  /// gives what has the same number the same colour. It should do nothing asynchronous.
  Function<std::uint64_t()> request = {};
};

/// What a ChromeTrace and a PerfettoTrace have in common: all but the format of their file.
///
/// Made, used and destroyed on the Loop's thread. It may outlive the Loop, and then go anywhere.
class CONTRAIL_API Trace {
 public:
  Trace(Trace&&) noexcept;
  Trace& operator=(Trace&&) noexcept;

  /// Idempotent both. What is open when it is disabled ends there, and stays a stranger afterwards.
  Trace& enable();
  Trace& disable();

  /// Completes the file and stops recording. Throws Error if something could not be written, for
  /// instance because the disk was full: the file is then valid but ends early.
  void close();

  std::uint64_t dropped_events() const noexcept;
  std::uint64_t dropped_arrows() const noexcept;  ///< Those that exceeded arrows_max.

 protected:
  /// Begins to record.
  explicit Trace(std::shared_ptr<TraceSession> session) noexcept;
  ~Trace();

 private:
  std::shared_ptr<TraceSession> session_;
};

}  // namespace contrail::inline v0::hooks
