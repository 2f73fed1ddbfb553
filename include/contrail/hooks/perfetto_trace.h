#pragma once

#include <filesystem>

#include "contrail/detail/export.h"
#include "contrail/hooks/trace.h"

namespace contrail::inline v0::hooks {

/// Writes what happens on the current thread's Loop to a file for ui.perfetto.dev, in Perfetto's
/// own format: a third of the size of a ChromeTrace, and loaded faster. Records until it goes out
/// of scope, or the process exits.
///
///     hooks::PerfettoTrace trace("out.pftrace");
///
/// Callbacks are slices of the Loop's thread. Below it is a track for each type, with a slice for
/// every resource from its init to its destroy, or to the end of the trace. An arrow leads to a
/// resource's first callback from that of its cause; if that was not running, from a mark on the
/// cause itself. What has the same TraceOptions::request has the same colour. Code outside the loop
/// appears as "root" for as long as it makes resources.
///
/// Files of several Loops, and those that Perfetto records of the system, are joined by
/// concatenation: `cat`. Whatever becomes of the process, a file can be read as far as it was
/// written. std::exit() completes it, from any thread; a crash costs what was still in the buffer.
/// Besides the buffer, memory holds what is alive: some 64 bytes a resource.
class CONTRAIL_API PerfettoTrace : public Trace {
 public:
  /// Replaces the file. Throws Error, naming it, if it cannot be opened and written, as it can be
  /// only if it is a regular one; std::length_error if the Loop has sixteen tracers already.
  explicit PerfettoTrace(const std::filesystem::path& file, TraceOptions options = {});
};

}  // namespace contrail::inline v0::hooks
