#include "contrail/hooks/chrome_trace.h"

#include <utility>

#include "hooks/trace_events.h"
#include "hooks/trace_session.h"

namespace contrail::inline v0::hooks {

ChromeTrace::ChromeTrace(const std::filesystem::path& file, TraceOptions options)
    : Trace(TraceSession::begin<TraceEvents>(file, std::move(options))) {}

}  // namespace contrail::inline v0::hooks
