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

struct ChromeTraceOptions {
  /// What exceeds this is dropped and counted; what had begun still gets its end. A million events
  /// are about 150 MB.
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
};

/// Writes what happens on the current thread's Loop to a file for ui.perfetto.dev or
/// chrome://tracing. Records until it goes out of scope, or the process exits.
///
///     hooks::ChromeTrace trace("out.json");
///
/// Every resource is an asynchronous slice from its init to its destroy, or to the end of the
/// trace. Every callback is a slice of its thread, and an arrow leads to a resource's first one
/// from the slice of its trigger; if the trigger itself never ran, from where that was caused.
/// Code outside the loop appears as "root" for as long as it makes resources. Ids are preceded by
/// the number of the Loop, so the traces of several can be joined. Explicit triggers are followed
/// if they are given as resources: see ResourceOptions::trigger.
///
/// Written in the Trace Event Format, so that the file is valid JSON after each write, whatever
/// becomes of the process. std::exit() completes it, from any thread; a crash costs what was still
/// in the buffer. Besides the buffer, memory holds what is alive: some 64 bytes a resource.
///
/// Made, used and destroyed on the Loop's thread. It may outlive the Loop, and then go anywhere.
class CONTRAIL_API ChromeTrace {
 public:
  /// Replaces the file. Throws Error, naming it, if it cannot be opened and written, as it can be
  /// only if it is a regular one; std::length_error if the Loop has sixteen tracers already.
  explicit ChromeTrace(const std::filesystem::path& file, ChromeTraceOptions options = {});
  ChromeTrace(ChromeTrace&&) noexcept;
  ChromeTrace& operator=(ChromeTrace&&) noexcept;
  ~ChromeTrace();

  /// Idempotent both. What is open when it is disabled ends there, and stays a stranger afterwards.
  ChromeTrace& enable();
  ChromeTrace& disable();

  /// Completes the file and stops recording. Throws Error if something could not be written, for
  /// instance because the disk was full: the file is then valid but ends early.
  void close();

  std::uint64_t dropped_events() const noexcept;
  std::uint64_t dropped_arrows() const noexcept;  ///< Those that exceeded arrows_max.

 private:
  std::shared_ptr<TraceSession> session_;
};

}  // namespace contrail::inline v0::hooks
