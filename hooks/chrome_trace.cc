#include "contrail/hooks/chrome_trace.h"

#include <utility>

#include "hooks/trace_events.h"
#include "hooks/trace_origin.h"
#include "hooks/trace_session.h"

namespace contrail::inline v0::hooks {

ChromeTrace::ChromeTrace(const std::filesystem::path& file, ChromeTraceOptions options) {
  const TraceOrigin origin = TraceOrigin::here(options.process_name, options.thread_name);
  session_ = std::make_shared<TraceSession>(std::make_unique<TraceEvents>(file, origin), origin,
                                            TraceSession::from(options));
}

ChromeTrace::ChromeTrace(ChromeTrace&&) noexcept = default;
ChromeTrace& ChromeTrace::operator=(ChromeTrace&&) noexcept = default;
ChromeTrace::~ChromeTrace() = default;

ChromeTrace& ChromeTrace::enable() {
  if (session_) session_->enable();
  return *this;
}

ChromeTrace& ChromeTrace::disable() {
  if (session_) session_->disable();
  return *this;
}

void ChromeTrace::close() {
  if (session_) session_->close();
}

std::uint64_t ChromeTrace::dropped_events() const noexcept {
  return session_ ? session_->dropped_events() : 0;
}

std::uint64_t ChromeTrace::dropped_arrows() const noexcept {
  return session_ ? session_->dropped_arrows() : 0;
}

}  // namespace contrail::inline v0::hooks
