#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "contrail/detail/export.h"
#include "contrail/function.h"
#include "contrail/resource_info.h"

namespace contrail::inline v0::hooks {

class TraceSession;

struct PerfettoTraceOptions {
  /// What exceeds this is dropped and counted; what had begun still gets its end. A million events
  /// are about 40 MB.
  std::uint64_t max_events = 1'000'000;
  /// The viewer becomes slow where there are very many, so these have a limit of their own.
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
  /// Which request a new resource belongs to: called in its init, in its creator's context. The
  /// viewer gives what has the same number, other than 0, the same colour. It should do nothing
  /// asynchronous.
  Function<std::uint64_t()> request = {};
};

/// Writes what happens on the current thread's Loop to a file for ui.perfetto.dev, in Perfetto's
/// own format: a third of the size of a ChromeTrace, and loaded faster. Records until it goes out
/// of scope, or the process exits.
///
///     hooks::PerfettoTrace trace("out.pftrace");
///
/// Callbacks are slices of the Loop's thread. Below it is a track for each type, with a slice for
/// every resource from its init to its destroy, or to the end of the trace. An arrow leads to a
/// resource's first callback from that of its cause; if that was not running, from a mark on the
/// cause itself. Code outside the loop appears as "root" for as long as it makes resources.
///
/// Files of several Loops, and those that Perfetto records of the system, are joined by
/// concatenation: `cat`. Whatever becomes of the process, a file can be read as far as it was
/// written. std::exit() completes it, from any thread; a crash costs what was still in the buffer.
/// Besides the buffer, memory holds what is alive: some 64 bytes a resource.
///
/// Made, used and destroyed on the Loop's thread. It may outlive the Loop, and then go anywhere.
class CONTRAIL_API PerfettoTrace {
 public:
  /// Replaces the file. Throws Error, naming it, if it cannot be opened and written, as it can be
  /// only if it is a regular one; std::length_error if the Loop has sixteen tracers already.
  explicit PerfettoTrace(const std::filesystem::path& file, PerfettoTraceOptions options = {});
  PerfettoTrace(PerfettoTrace&&) noexcept;
  PerfettoTrace& operator=(PerfettoTrace&&) noexcept;
  ~PerfettoTrace();

  /// Idempotent both. What is open when it is disabled ends there, and stays a stranger afterwards.
  PerfettoTrace& enable();
  PerfettoTrace& disable();

  /// Completes the file and stops recording. Throws Error if something could not be written, for
  /// instance because the disk was full: the file then ends early.
  void close();

  std::uint64_t dropped_events() const noexcept;
  std::uint64_t dropped_arrows() const noexcept;  ///< Those that exceeded arrows_max.

 private:
  std::shared_ptr<TraceSession> session_;
};

}  // namespace contrail::inline v0::hooks
