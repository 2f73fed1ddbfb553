#include "contrail/hooks/trace.h"

#include <utility>

#include "hooks/trace_session.h"

namespace contrail::inline v0::hooks {

Trace::Trace(std::shared_ptr<TraceSession> session) noexcept : session_(std::move(session)) {}
Trace::Trace(Trace&&) noexcept = default;
Trace& Trace::operator=(Trace&&) noexcept = default;
Trace::~Trace() = default;

Trace& Trace::enable() {
  if (session_) session_->enable();
  return *this;
}

Trace& Trace::disable() {
  if (session_) session_->disable();
  return *this;
}

void Trace::close() {
  if (session_) session_->close();
}

std::uint64_t Trace::dropped_events() const noexcept {
  return session_ ? session_->dropped_events() : 0;
}

std::uint64_t Trace::dropped_arrows() const noexcept {
  return session_ ? session_->dropped_arrows() : 0;
}

}  // namespace contrail::inline v0::hooks
