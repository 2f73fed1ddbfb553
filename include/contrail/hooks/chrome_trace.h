#pragma once

#include <filesystem>

#include "contrail/detail/export.h"
#include "contrail/hooks/trace.h"

namespace contrail::inline v0::hooks {

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
class CONTRAIL_API ChromeTrace : public Trace {
 public:
  /// Replaces the file. Throws Error, naming it, if it cannot be opened and written, as it can be
  /// only if it is a regular one; std::length_error if the Loop has sixteen tracers already.
  explicit ChromeTrace(const std::filesystem::path& file, TraceOptions options = {});
};

}  // namespace contrail::inline v0::hooks
