#include "contrail/hooks/perfetto_trace.h"

#include <utility>

#include "hooks/perfetto_file.h"
#include "hooks/trace_session.h"

namespace contrail::inline v0::hooks {

PerfettoTrace::PerfettoTrace(const std::filesystem::path& file, TraceOptions options)
    : Trace(TraceSession::begin<PerfettoFile>(file, std::move(options))) {}

}  // namespace contrail::inline v0::hooks
