#include "contrail/hooks/perfetto_trace.h"

#include <utility>

#include "hooks/perfetto_file.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_session.h"

namespace contrail::inline v0::hooks {

PerfettoTrace::PerfettoTrace(const std::filesystem::path& file, PerfettoTraceOptions options) {
  const TraceOrigin origin = TraceOrigin::here(options.process_name, options.thread_name);
  TraceSessionOptions session = TraceSession::from(options);
  session.request = std::move(options.request);
  session_ = std::make_shared<TraceSession>(std::make_unique<PerfettoFile>(file, origin), origin,
                                            std::move(session));
}

PerfettoTrace::PerfettoTrace(PerfettoTrace&&) noexcept = default;
PerfettoTrace& PerfettoTrace::operator=(PerfettoTrace&&) noexcept = default;
PerfettoTrace::~PerfettoTrace() = default;

PerfettoTrace& PerfettoTrace::enable() {
  if (session_) session_->enable();
  return *this;
}

PerfettoTrace& PerfettoTrace::disable() {
  if (session_) session_->disable();
  return *this;
}

void PerfettoTrace::close() {
  if (session_) session_->close();
}

std::uint64_t PerfettoTrace::dropped_events() const noexcept {
  return session_ ? session_->dropped_events() : 0;
}

std::uint64_t PerfettoTrace::dropped_arrows() const noexcept {
  return session_ ? session_->dropped_arrows() : 0;
}

}  // namespace contrail::inline v0::hooks
